import { setImmediate as othersTurn, setTimeout as wait } from 'node:timers/promises';

/** Far more than a command takes. In milliseconds. */
const BEAT = 50;
/** Timers come late by up to so much, and by how much would still tell when they were set. */
const LATE = 1.5;

/**
 * Ends a task, however it ends, when a whole number of beats has passed since its beginning. How long a command takes
 * depends on what else was recorded in its stream; who is told nothing of that must not be able to measure it.
 */
export async function inEvenTime<Result>(task: () => Promise<Result>, beat = BEAT): Promise<Result> {
  const began = performance.now();
  try {
    return await task();
  } finally {
    const end = began + Math.ceil((performance.now() - began) / beat) * beat;
    await wait(Math.max(0, end - performance.now() - LATE));
    while (performance.now() < end) await othersTurn();
  }
}
