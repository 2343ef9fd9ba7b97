import { text } from './vocabulary.js';

it.each(['', '   ', '\n\t', '\u00a0'])('%j says nothing', (value) => {
  expect(text.safeParse(value).success).toBe(false);
});

it.each(['0', ' spaced ', 'x'.repeat(4_000)])('%j is a text', (value) => {
  expect(text.safeParse(value).success).toBe(true);
});
