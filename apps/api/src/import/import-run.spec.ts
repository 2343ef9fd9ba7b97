import { type CommandOutcome, EventStoreUnavailable, type RecordedEvent, refuse } from '@cairn/event-sourcing';
import { type ImportTarget, runImport } from './import-run.js';
import type { ImportAnswer } from './import-record.js';
import type { NdjsonLine } from './ndjson-lines.js';

const commandId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const record = (line: number, name: string, input: Record<string, unknown>, id = line): NdjsonLine => ({
  ordinal: line,
  value: { line, commandId: commandId(id), commands: [{ name, input }] },
});
const meeting = (line: number, participant: string, id = line) =>
  record(line, 'recordCommunityMeeting', { trial: 't', participant }, id);

/** Takes each command id once and tells in which order commands were begun and ended. */
function fakeTarget(behaviour: (commandId: string) => Promise<CommandOutcome | undefined> = async () => undefined) {
  const order: string[] = [];
  const taken = new Map<string, CommandOutcome>();
  let position = 10n;
  const target: ImportTarget = {
    head: async () => position,
    record: async (id, commands) => {
      const line = String(Number(id.slice(-4)));
      order.push(`${line} begins`);
      const special = await behaviour(id);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${line} ends`);
      if (special) return special;
      const events = commands.map(() => ({}) as RecordedEvent);
      const outcome = taken.get(id) ?? ({ kind: 'accepted', position: ++position, events } as const);
      taken.set(id, outcome);
      return outcome;
    },
  };
  return { target, order };
}

async function run(target: ImportTarget, lines: readonly NdjsonLine[], signal = new AbortController().signal) {
  const answers: ImportAnswer[] = [];
  const sink = { write: (answer: ImportAnswer) => void answers.push(answer), drained: () => undefined };
  await runImport(
    (async function* () {
      yield lines;
    })(),
    target,
    sink,
    signal,
  );
  return answers;
}

test('each record is answered, and the last line sums up', async () => {
  const { target } = fakeTarget();
  const answers = await run(target, [meeting(1, 'P1'), meeting(2, 'P2'), meeting(3, 'P1', 1)]);
  expect(answers).toHaveLength(4);
  expect(answers).toContainEqual({ line: 1, outcome: { kind: 'accepted', position: '11', events: 1 } });
  expect(answers).toContainEqual({ line: 3, outcome: { kind: 'unchanged', position: '11' } });
  expect(answers.at(-1)).toEqual({
    done: { records: 3, accepted: 2, unchanged: 1, refused: 0, events: 2, position: '12' },
  });
});

test('records of one participant follow each other, those of two go side by side, a roster record goes alone', async () => {
  const { target, order } = fakeTarget();
  await run(target, [
    meeting(1, 'P1'),
    meeting(2, 'P1'),
    meeting(3, 'P2'),
    record(4, 'registerSite', {}),
    meeting(5, 'P1'),
  ]);
  const at = (what: string) => order.indexOf(what);
  expect(at('2 begins')).toBeGreaterThan(at('1 ends'));
  expect(at('3 begins')).toBeLessThan(at('1 ends'));
  expect(at('4 begins')).toBeGreaterThan(Math.max(at('2 ends'), at('3 ends')));
  expect(at('5 begins')).toBeGreaterThan(at('4 ends'));
});

test('refusals and lines that are no records are outcomes', async () => {
  const { target } = fakeTarget(async () => refuse('SITE_UNKNOWN', 'The trial has no such site.', 'site'));
  const answers = await run(target, [
    meeting(7, 'P1'),
    { ordinal: 2, fault: 'not JSON' },
    { ordinal: 3, fault: 'too large' },
    { ordinal: 4, value: { line: 40, commandId: 'x', commands: [] } },
    { ordinal: 5, value: null },
    { ordinal: 6, value: { line: -1, commandId: commandId(6), commands: 'all' } },
  ]);
  const codes = answers.flatMap((a) =>
    'outcome' in a && a.outcome.kind === 'refused' ? [[a.line, a.outcome.code]] : [],
  );
  expect(codes.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
    [-1, 'RECORD_MALFORMED'],
    [2, 'RECORD_MALFORMED'],
    [3, 'RECORD_TOO_LARGE'],
    [5, 'RECORD_MALFORMED'],
    [7, 'SITE_UNKNOWN'],
    [40, 'RECORD_MALFORMED'],
  ]);
  expect(answers.at(-1)).toMatchObject({ done: { records: 6, refused: 6, events: 0, position: '10' } });
});

test('a store that does not answer is asked again, and in the end stops the import', async () => {
  let failures = 2;
  const flaky = fakeTarget(async () => {
    if (failures-- > 0) throw new EventStoreUnavailable('gone');
    return undefined;
  });
  expect(await run(flaky.target, [meeting(1, 'P1')])).toHaveLength(2);
  const dead = fakeTarget(async () => {
    throw new EventStoreUnavailable('gone');
  });
  await expect(run(dead.target, [meeting(1, 'P1'), meeting(2, 'P1')])).rejects.toThrow('gone');
  expect(dead.order.filter((entry) => entry.startsWith('2'))).toEqual([]);
});

test('a client that has gone is not worked for any more', async () => {
  const abort = new AbortController();
  const { target, order } = fakeTarget(async () => {
    abort.abort();
    return undefined;
  });
  const answers = await run(target, [meeting(1, 'P1'), meeting(2, 'P1'), meeting(3, 'P1')], abort.signal);
  expect(order).toEqual(['1 begins', '1 ends']);
  expect(answers.some((answer) => 'done' in answer)).toBe(false);
});

test('no more records are begun at once than the store can use', async () => {
  let now = 0;
  let most = 0;
  const { target } = fakeTarget(async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return undefined;
  });
  await run(
    target,
    Array.from({ length: 2_000 }, (_, n) => meeting(n + 1, `P${n}`)),
  );
  expect(most).toBe(256);
});

test('a client that does not take its outcomes is not read either', async () => {
  const { target } = fakeTarget();
  let readPages = 0;
  let take = (): void => undefined;
  const taken = new Promise<void>((resolve) => (take = resolve));
  async function* pages() {
    for (let n = 1; n <= 3; n++) {
      readPages++;
      yield [meeting(n, `P${n}`)];
    }
  }
  const running = runImport(
    pages(),
    target,
    { write: () => undefined, drained: () => taken },
    new AbortController().signal,
  );
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(readPages).toBe(1);
  take();
  await running;
  expect(readPages).toBe(3);
});
