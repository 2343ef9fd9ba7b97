import { setTimeout as wait } from 'node:timers/promises';

/**
 * Sends at a steady rate and measures from when a request was due, not from when it could be sent: a server that stalls
 * is not spared the requests that it kept from being sent.
 * @returns latencies in milliseconds
 */
export async function openLoop(
  send: (turn: number) => Promise<unknown>,
  rate: number,
  seconds: number,
): Promise<number[]> {
  const started = performance.now();
  const latencies: Promise<number>[] = [];
  for (let turn = 0; turn < rate * seconds; turn++) {
    const due = started + (turn / rate) * 1_000;
    const early = due - performance.now();
    if (early > 0) await wait(early);
    latencies.push(send(turn).then(() => performance.now() - due));
  }
  return Promise.all(latencies);
}
