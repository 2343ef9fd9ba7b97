import type { BenchContext } from './context.js';
import { readRaw, rebuildAll } from './rebuilding.js';
import { median, rangeOf, type Section } from './report.js';

/** Building all read models against reading the log they are built from. */
export async function benchRebuild({ databases, scale }: BenchContext): Promise<Section> {
  const database = await databases.with(scale.events);
  console.error(`  made the log in ${Math.round(database.appendedIn / 1_000)} s`);
  const raw: number[] = [];
  const rebuilt: number[] = [];
  const peaks: number[] = [];
  for (let round = 0; round < scale.rebuildRounds; round++) {
    raw.push(await readRaw(database.url));
    const { eventsPerSecond, peakMemory } = await rebuildAll(database);
    rebuilt.push(eventsPerSecond);
    console.error(`  read ${Math.round(raw.at(-1)!)} events/s, rebuilt ${Math.round(eventsPerSecond)} events/s`);
    if (peakMemory !== undefined) peaks.push(peakMemory);
  }
  const log = `a log of ${scale.events.toLocaleString('en')} events in ${scale.trials} trials`;
  return {
    name: 'rebuild',
    title: `Rebuilding all read models of ${log}`,
    targets: [
      {
        title: 'rebuild / raw paged read',
        figure: median(rebuilt.map((rate, round) => rate / raw[round]!)),
        atLeast: 0.4,
        unit: '×',
      },
      // Only Linux tells.
      ...(peaks.length > 0
        ? [
            {
              title: "peak memory of the projector's process",
              figure: Math.max(...peaks) / 1e6,
              atMost: 500,
              unit: ' MB',
            },
          ]
        : []),
    ],
    correctness: [],
    figures: [
      { title: 'rebuild', figure: median(rebuilt), unit: ' events/s', range: rangeOf(rebuilt) },
      { title: 'raw paged read', figure: median(raw), unit: ' events/s', range: rangeOf(raw) },
      { title: 'making the log', figure: (scale.events / database.appendedIn) * 1_000, unit: ' events/s' },
    ],
    notes: [],
  };
}
