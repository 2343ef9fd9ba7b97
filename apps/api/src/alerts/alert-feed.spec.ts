import { setImmediate as othersTurn } from 'node:timers/promises';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import type { AlertFilter } from '@cairn/signals';
import fc from 'fast-check';
import { AlertFeed } from './alert-feed.js';
import type { AlertReader } from './alert-reader.js';
import { SpecLog } from './spec-log.js';

const kept = 16;
const everything = { trial: 'T', filter: {} } as const;

const feedOf = (log: SpecLog): AlertFeed =>
  new AlertFeed({ source: log, onAppended: log.onAppended, turn: async () => void (await othersTurn()), kept });

const take = async (reader: AlertReader, count: number): Promise<string[]> => {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await reader.next())!.alert.id);
  return ids;
};

const idsOf = (log: SpecLog, wanted: (data: SpecLog['alerts'][number]['alert']['data']) => boolean): string[] =>
  log.alerts.filter(({ alert }) => wanted(alert.data)).map(({ alert }) => alert.id);

it('many who follow read the log once between them', async () => {
  const log = new SpecLog();
  const feed = feedOf(log);
  const readers = await Promise.all(Array.from({ length: 200 }, () => feed.follow('t', everything)));
  const taken = readers.map((reader) => take(reader, 10));
  for (let n = 0; n < 10; n++) log.record('T');
  const all = idsOf(log, () => true);
  expect(await Promise.all(taken)).toEqual(readers.map(() => all));
  expect(log.reads.alerts).toBe(10);
  for (const reader of readers) reader.close();
  expect(feed.open).toBe(0);
  expect(log.listening).toBe(0);
});

it('whoever does not read is kept nothing for, and finds all of it later', async () => {
  const log = new SpecLog();
  const feed = feedOf(log);
  const [stalled, brisk] = [await feed.follow('t', everything), await feed.follow('t', everything)];
  const seen: string[] = [];
  for (let n = 0; n < 10 * kept; n++) {
    log.record('T');
    seen.push(...(await take(brisk, 1)));
  }
  // Only the one log reader has read so far: who stalls has cost nobody a page.
  expect(log.reads.alerts).toBe(10 * kept);
  expect(await take(stalled, 10 * kept)).toEqual(seen);
  await feed.close();
});

it('what others are told of does not let whoever waits fall behind', async () => {
  const log = new SpecLog();
  const feed = feedOf(log);
  const quiet = await feed.follow('t', { trial: 'T', filter: { sites: ['quiet'] } });
  const busy = await feed.follow('t', everything);
  const first = quiet.next();
  for (let n = 0; n < 4 * kept; n++) {
    log.record('T', { site: 'busy' });
    await busy.next();
  }
  const before = { ...log.reads };
  const id = log.record('T', { site: 'quiet' });
  expect((await first)!.alert.id).toBe(id);
  expect(log.reads).toEqual({ pages: before.pages + 1, alerts: before.alerts + 1 });
  await feed.close();
});

it('a log that is away for a while is read on when it is back', async () => {
  const log = new SpecLog();
  const feed = feedOf(log);
  const reader = await feed.follow('t', everything);
  const next = take(reader, 2);
  log.away = new EventStoreUnavailable('away');
  log.record('T');
  await othersTurn();
  log.away = undefined;
  log.record('T');
  expect(await next).toEqual(idsOf(log, () => true));
  log.away = new EventStoreUnavailable('away');
  await expect(feed.follow('t', everything)).rejects.toThrow('away');
  await feed.close();
});

/** A feed that goes on when the spec gives it a turn, and how many alerts were handed out since the last one. */
function feedInTurns(log: SpecLog) {
  const turns: { readonly of: 'new' | 'old'; readonly take: () => void }[] = [];
  const turn = (_tenant: string, of: 'new' | 'old') => new Promise<void>((take) => turns.push({ of, take }));
  const feed = new AlertFeed({ source: log, onAppended: log.onAppended, turn, kept });
  const handed = { old: 0, new: 0 };
  return {
    feed,
    turns,
    handed,
    /** One that asks for more as soon as it has something. */
    brisk: async (of: 'old' | 'new', after?: bigint): Promise<void> => {
      const reader = await feed.follow('t', { ...everything, ...(after !== undefined && { after }) });
      void (async () => {
        while (await reader.next()) handed[of]++;
      })();
    },
    /** Everything that can be done without another turn. */
    settled: async (): Promise<void> => {
      for (let n = 0; n < 50; n++) await othersTurn();
    },
  };
}

it('however many are behind, few alerts are handed out at a turn of theirs, and what is new waits for one such turn', async () => {
  const log = new SpecLog();
  const { feed, turns, handed, brisk, settled } = feedInTurns(log);
  for (let n = 0; n < 20 * kept; n++) log.record('T');
  await brisk('new');
  for (let n = 0; n < 30; n++) await brisk('old', 0n);
  for (let nth = 0; nth < 400; nth++) {
    await settled();
    // One for a page, one for a few alerts: what waits does not grow with the readers.
    expect(turns.filter(({ of }) => of === 'old').length).toBeLessThanOrEqual(2);
    const before = { ...handed };
    if (nth % 10 === 0) {
      log.record('T');
      await settled();
      const told = turns.findIndex(({ of }) => of === 'new');
      turns.splice(told, 1)[0]!.take();
      await settled();
      expect(handed).toEqual({ old: before.old, new: before.new + 1 });
    } else {
      turns.shift()!.take();
      await settled();
      expect(handed.old - before.old).toBeLessThanOrEqual(4);
    }
  }
  expect(handed.old).toBeGreaterThan(200);
  // Pages are read one at a time, whoever waits for one.
  expect(log.mostAtOnce).toBe(1);
  await feed.close();
});

it('a burst of new alerts keeps nobody waiting for all of it', async () => {
  const log = new SpecLog();
  const { feed, turns, handed, brisk, settled } = feedInTurns(log);
  for (let n = 0; n < 3; n++) await brisk('new');
  for (let n = 0; n < kept; n++) log.record('T');
  let most = 0;
  for (;;) {
    await settled();
    const next = turns.shift();
    if (!next) break;
    const before = handed.new;
    next.take();
    await settled();
    most = Math.max(most, handed.new - before);
  }
  expect(handed.new).toBe(3 * kept);
  expect(most).toBeLessThanOrEqual(3 * 4);
  await feed.close();
});

it('one that stops reading half way takes no page and no turn until it reads again', async () => {
  const log = new SpecLog();
  const { feed, turns, settled } = feedInTurns(log);
  for (let n = 0; n < 10 * kept; n++) log.record('T');
  const other = await feed.follow('t', { trial: 'other', filter: {} });
  const stalled = await feed.follow('t', { ...everything, after: 0n });
  const first = take(stalled, 3);
  for (let n = 0; n < 2; n++) {
    await settled();
    turns.shift()!.take();
  }
  expect(await first).toHaveLength(3);
  const reads = { ...log.reads };
  for (let n = 0; n < 3 * kept; n++) log.record('T');
  await settled();
  expect(turns).toEqual([]);
  // Only the tail has read on, for whom it follows.
  expect(log.reads.alerts - reads.alerts).toBe(3 * kept);
  void stalled.next();
  await settled();
  expect(turns).toEqual([]);
  void stalled.next();
  await settled();
  expect(turns).toHaveLength(1);
  other.close();
  await feed.close();
});

it('ends for whoever waits when it is closed', async () => {
  const log = new SpecLog();
  const feed = feedOf(log);
  const reader = await feed.follow('t', everything);
  const next = reader.next();
  await feed.close();
  expect(await next).toBeUndefined();
  expect(await (await feed.follow('t', everything)).next()).toBeUndefined();
});

const filters: readonly AlertFilter[] = [{}, { sites: ['S1'] }, { severity: 'critical' }, { kinds: ['acknowledged'] }];

it('whatever is recorded while whoever reads, stalls, comes and goes: each is told all that they asked for, once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          {
            weight: 3,
            arbitrary: fc.record({ do: fc.constant('record' as const), n: fc.integer({ min: 1, max: 24 }) }),
          },
          { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), n: fc.integer({ min: 0, max: 2 }) }) },
          { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), n: fc.integer({ min: 0, max: 2 }) }) },
        ),
        { minLength: 5, maxLength: 60 },
      ),
      async (steps) => {
        const log = new SpecLog();
        const feed = feedOf(log);
        const follow = (n: number, after = 0n) =>
          feed.follow('t', { trial: n === 2 ? 'T2' : 'T', filter: filters[n]!, after });
        const readers = await Promise.all([0, 1, 2].map((n) => follow(n)));
        const told: { readonly id: string; readonly at: bigint }[][] = [[], [], []];
        const reading: (Promise<void> | undefined)[] = [];
        const read = (n: number): Promise<void> =>
          (reading[n] ??= readers[n]!.next().then((found) => {
            if (found) told[n]!.push({ id: found.alert.id, at: found.position });
            reading[n] = undefined;
          }));
        for (const step of steps) {
          switch (step.do) {
            case 'record':
              for (let k = 0; k < step.n; k++) {
                log.record(k % 3 === 0 ? 'T2' : 'T', {
                  site: k % 2 ? 'S1' : 'S2',
                  severity: k % 5 ? 'warning' : 'critical',
                });
              }
              break;
            case 'read':
              void read(step.n);
              break;
            case 'leave':
              readers[step.n]!.close();
              await reading[step.n];
              readers[step.n] = await follow(step.n, told[step.n]!.at(-1)?.at);
              break;
            default:
              step satisfies never;
          }
          if (steps.length % 2 === 0) await othersTurn();
        }
        const expected = [
          idsOf(log, ({ trial }) => trial === 'T'),
          idsOf(log, ({ trial, site }) => trial === 'T' && site === 'S1'),
          idsOf(log, ({ trial, severity }) => trial === 'T2' && severity === 'critical'),
        ];
        for (const [n, ids] of expected.entries()) {
          while (told[n]!.length < ids.length) await read(n);
          expect(told[n]!.map(({ id }) => id)).toEqual(ids);
        }
        await feed.close();
      },
    ),
    { numRuns: 60 },
  );
});
