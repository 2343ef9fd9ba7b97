import { repeatedName } from './repeated-name.js';

it.each([
  ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', undefined],
  ['{"a":"a\\":","b":"{\\"a\\":1,\\"a\\":2}"}', undefined],
  ['{"a":["b","b"],"b":"a"}', undefined],
  ['{"a":1,"a":1}', 'a'],
  ['{"a":1, "\\u0061" : 2}', 'a'],
  ['{"o":{"__proto__":1,"__proto__":2}}', '__proto__'],
  ['[{"b":{}, "c":[{"d":1,\n"d"\n:2}]}]', 'd'],
  ['{"":1,"":2}', ''],
])('%s', (json, name) => {
  expect(JSON.parse(json)).toBeDefined();
  expect(repeatedName(json)).toBe(name);
});
