import { setTimeout as wait } from 'node:timers/promises';
import { inEvenTime } from './even-time.js';

const BEAT = 40;

async function timeOf(task: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await inEvenTime(task, BEAT).catch(() => undefined);
  return performance.now() - began;
}

test.each([
  ['at once', async () => 'done'],
  ['after a while', () => wait(BEAT / 2)],
  ['with an error', () => Promise.reject(new Error('no'))],
])('what ends %s ends with the beat, never before', async (_, task) => {
  expect(await timeOf(task)).toBeGreaterThanOrEqual(BEAT);
});

test('what takes longer than one beat ends with a later one', async () => {
  expect(await timeOf(() => wait(BEAT * 1.2))).toBeGreaterThanOrEqual(2 * BEAT);
});

test('results and errors are passed on', async () => {
  await expect(inEvenTime(async () => 7, 1)).resolves.toBe(7);
  await expect(inEvenTime(() => Promise.reject(new Error('no')), 1)).rejects.toThrow('no');
});
