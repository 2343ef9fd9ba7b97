import { randomUUID } from 'node:crypto';
import { streamName } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import type { BenchContext } from './context.js';
import { rebuildAll } from './rebuilding.js';
import { median, rangeOf, type Section } from './report.js';
import { catalogue, trialId } from './trial-log.js';
import { TENANT } from './trials.js';

const WRITERS = 32;

/** What an event costs in a long log against what it costs in a short one. */
export async function benchGrowth({ databases, scale }: BenchContext): Promise<Section> {
  const few = await databases.with(scale.fewEvents);
  const many = await databases.with(scale.events);
  const rebuilds = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < scale.rebuildRounds; round++) {
    rebuilds.few.push(1e6 / (await rebuildAll(few)).eventsPerSecond);
    rebuilds.many.push(1e6 / (await rebuildAll(many)).eventsPerSecond);
  }
  const appends = { few: [] as number[], many: [] as number[] };
  const stores = {
    few: new PostgresEventStore({ url: few.url, applicationName: 'cairn bench' }),
    many: new PostgresEventStore({ url: many.url, applicationName: 'cairn bench' }),
  };
  try {
    for (const store of Object.values(stores)) await appendCost(store, scale.growthAppends / 4);
    for (let round = 0; round < scale.growthRounds; round++) {
      appends.few.push(await appendCost(stores.few, scale.growthAppends));
      appends.many.push(await appendCost(stores.many, scale.growthAppends));
    }
  } finally {
    for (const store of Object.values(stores)) await store.close();
  }
  const ratio = ({ few, many }: typeof appends): number => median(many.map((cost, round) => cost / few[round]!));
  const [short, long] = [few, many].map(({ plan }) => `${plan.events.toLocaleString('en')} events`);
  return {
    name: 'growth',
    title: `Cost per event in a log of ${long} against one of ${short}`,
    targets: [
      { title: `append, ${WRITERS} writers`, figure: ratio(appends), atMost: 1.3, unit: '×' },
      { title: 'rebuild of all read models', figure: ratio(rebuilds), atMost: 1.3, unit: '×' },
    ],
    correctness: [],
    figures: [
      { title: `append after ${short}`, figure: median(appends.few), unit: ' µs', range: rangeOf(appends.few) },
      { title: `append after ${long}`, figure: median(appends.many), unit: ' µs', range: rangeOf(appends.many) },
      { title: `rebuild of ${short}`, figure: median(rebuilds.few), unit: ' µs', range: rangeOf(rebuilds.few) },
      { title: `rebuild of ${long}`, figure: median(rebuilds.many), unit: ' µs', range: rangeOf(rebuilds.many) },
    ],
    notes: [],
  };
}

/**
 * Appends supervisions, each a new stream as in the product; no read model is made of them, so that they change no rebuild.
 * @returns microseconds per append
 */
export async function appendCost(store: PostgresEventStore, appends: number): Promise<number> {
  let left = appends;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (left-- > 0) {
        const supervision = randomUUID();
        const outcome = await store.append(TENANT, {
          stream: streamName(trialId(0), 'site', 'S1', 'supervision', supervision),
          expected: 'none',
          commandId: randomUUID(),
          actor: 'bench',
          events: [
            catalogue.encode({
              type: 'SupervisionHeld',
              occurredAt: Date.now(),
              data: { trial: trialId(0), site: 'S1', supervision, kind: 'group', attendees: ['S1PW1'], minutes: 90 },
            }),
          ],
        });
        if (outcome.kind !== 'appended') throw new Error(`an append came out as ${outcome.kind}`);
      }
    }),
  );
  return ((performance.now() - started) / appends) * 1_000;
}
