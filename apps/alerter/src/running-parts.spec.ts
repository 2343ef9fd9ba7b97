import type { Part } from './part.js';
import { RunningParts } from './running-parts.js';

/** A part that cannot start so many times. */
function part(name: string, failures = 0) {
  const done: string[] = [];
  const ready = Promise.withResolvers<void>();
  const made: Part = {
    name,
    start: async () => {
      done.push('start');
      if (done.length <= failures) throw new Error('not yet');
      ready.resolve();
    },
    stop: async () => void done.push('stop'),
  };
  return { part: made, done, ready: ready.promise };
}

function log() {
  const lines: unknown[] = [];
  return { lines, error: (fields: unknown) => void lines.push(fields) };
}

it('starts a part again until it is there, and holds up no other for it', async () => {
  const [late, prompt, logger] = [part('late', 3), part('prompt'), log()];
  const running = new RunningParts([late.part, prompt.part], logger, [0, 1]);
  await prompt.ready;
  await late.ready;
  await running.stop();
  expect(late.done).toEqual(['start', 'start', 'start', 'start', 'stop']);
  expect(prompt.done).toEqual(['start', 'stop']);
  expect(logger.lines).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ part: 'late' })));
});

it('ends while a part waits to be started again, and when one will not end', async () => {
  const [never, fine, logger] = [part('never', Infinity), part('fine'), log()];
  const stubborn: Part = {
    name: 'stubborn',
    start: async () => undefined,
    stop: () => Promise.reject(new Error('no')),
  };
  const running = new RunningParts([never.part, stubborn, fine.part], logger, [3_600_000]);
  await fine.ready;
  await running.stop();
  expect(never.done).toEqual(['start', 'stop']);
  expect(fine.done).toEqual(['start', 'stop']);
  expect(logger.lines).toHaveLength(2);
});
