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
