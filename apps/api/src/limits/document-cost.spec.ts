import { parse } from 'graphql';
import { commandsIn, costOf } from './document-cost.js';

const cost = (text: string, variables?: Record<string, unknown>) => costOf(parse(text), undefined, variables);

const counts =
  'randomised offered withData engaged notYet notEngaged ofWithData { numerator denominator value } ofOffered { value } bounds { lower upper }';
const siteTable = `{ trial(id: "t") { engagement { asOf position overall { ${counts} } sites { site { id name employerKind locality } fidelity counts { ${counts} } } } } }`;

it('a site table of now is some five units: 200 a second are within the default budget', () => {
  expect(cost(siteTable)).toBeGreaterThan(3);
  expect(cost(siteTable)).toBeLessThan(7);
});

it('a table of a past moment costs much more, however the moment comes', () => {
  const at = (argument: string, variables?: Record<string, unknown>) =>
    cost(
      `query ($at: DateTime, $then: DateTime = "2020-01-01T00:00:00Z") { trial(id: "t") { engagement(${argument}) { asOf } } }`,
      variables,
    );
  const now = at('definition: "table"');
  const past = at('asOf: "2020-01-01T00:00:00Z"');
  expect(past).toBeGreaterThan(10 * now);
  expect([at('asOf: null'), at('knownAt: $at'), at('knownAt: $at', { at: null })]).toEqual([now, now, now]);
  expect([at('asOf: $then'), at('asOf: $at', { at: '2020-01-01T00:00:00Z' })]).toEqual([past, past]);
});

it('lists cost by the length of their pages', () => {
  const page = (first: string, variables?: Record<string, unknown>) =>
    cost(
      `query ($n: Int, $m: Int = 1000) { trial(id: "t") { participants(${first}) { edges { node { id } } } } }`,
      variables,
    );
  expect(page('first: 1000')).toBeGreaterThan(page('first: 10'));
  expect([
    page('last: 1000'),
    page('first: $n', { n: 1000 }),
    page('first: $m'),
    page('first: 99999999999'),
    page('first: $n', { n: 'x' }),
    page('first: "x"'),
  ]).toEqual(Array.from({ length: 6 }, () => page('first: 1000')));
  expect(page('first: $n')).toBe(page('first: null'));
});

it('fragments cost where they are used, and circles nothing', () => {
  expect(cost('{ trial(id: "t") { ...F } } fragment F on Trial { engagement { asOf } }')).toBeCloseTo(
    cost('{ trial(id: "t") { engagement { asOf } } }'),
  );
  expect(cost('{ trial(id: "t") { ...A } } fragment A on Trial { ...B } fragment B on Trial { ...A }')).toBeLessThan(1);
});

it('fragments that double at each step are counted in no time', () => {
  const doubling = Array.from({ length: 150 }, (_, n) => `fragment F${n} on Trial { ...F${n + 1} ...F${n + 1} }`).join(
    ' ',
  );
  expect(cost(`{ trial(id: "t") { ...F0 } } ${doubling} fragment F150 on Trial { id }`)).toBeGreaterThan(1e9);
});

it('counts commands', () => {
  expect(commandsIn(parse('mutation { a: x b: x c: x }'))).toBe(3);
  expect(commandsIn(parse('{ a: x b: x }'))).toBe(0);
  expect(commandsIn(parse('query A { x } mutation B { x }'), 'B')).toBe(1);
  expect([commandsIn(parse('query A { x } mutation B { x }')), costOf(parse('query A { x } query B { x }'))]).toEqual([
    0, 0,
  ]);
});
