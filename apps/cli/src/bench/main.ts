import { benchAppend, FULL_APPEND, QUICK_APPEND } from './append.js';
import { type BenchContext, FULL, QUICK } from './context.js';
import { benchBackup } from './backup.js';
import { benchCopy } from './copy.js';
import { benchFanOut } from './fan-out.js';
import { benchGrowth } from './growth.js';
import { benchInstances } from './instances.js';
import { openLaboratory } from './laboratory.js';
import { isMet, render, type Section } from './report.js';
import { benchLive } from './live.js';
import { benchProofs } from './proofs.js';
import { benchRebuild } from './rebuild.js';
import { benchStreams } from './streams.js';
import { benchTable } from './table.js';
import { benchTenMillion } from './ten-million.js';
import { benchTenants } from './tenants.js';
import { benchTravel } from './travel.js';
import { TrialDatabases } from './trials.js';
import { isFaultless } from './witness.js';

export interface BenchOptions {
  /** Names of sections, comma between them; all when left out. */
  readonly only?: string;
  /** Short turns and small logs: figures mean little, and only lost, duplicated, reordered and falsely rejected are judged. */
  readonly quick?: boolean;
  /** One JSON document instead of tables. */
  readonly json?: boolean;
  /** Where hints are measured by Kafka too. */
  readonly kafkaBrokers?: readonly string[] | undefined;
}

const SECTIONS: Readonly<Record<string, (context: BenchContext) => Promise<Section>>> = {
  append: ({ laboratory, scale }) => benchAppend(laboratory, scale.quick ? QUICK_APPEND : FULL_APPEND),
  copy: benchCopy,
  rebuild: benchRebuild,
  table: benchTable,
  travel: benchTravel,
  live: benchLive,
  proofs: benchProofs,
  tenants: benchTenants,
  streams: benchStreams,
  instances: benchInstances,
  'fan-out': benchFanOut,
  growth: benchGrowth,
  backup: benchBackup,
};

/** What is only measured when it is asked for: it takes half an hour, and a disk. */
const LONG: typeof SECTIONS = { 'ten-million': benchTenMillion };

/**
 * Measures Cairn against its targets and its peers, on an embedded PostgreSQL of its own.
 * @returns 0: faultless and all targets met; 1: a fault of Cairn's own, or a target missed; 2: an unknown section
 */
export async function bench(options: BenchOptions, write = (text: string) => console.log(text)): Promise<number> {
  const names = options.only?.split(',').map((name) => name.trim()) ?? Object.keys(SECTIONS);
  const known = { ...SECTIONS, ...LONG };
  const unknown = names.find((name) => !known[name]);
  if (unknown !== undefined) {
    console.error(`no section ${unknown}; there are ${Object.keys(known).join(', ')}`);
    return 2;
  }
  const quick = options.quick ?? false;
  const scale = quick ? QUICK : FULL;
  const sections: Section[] = [];
  const laboratory = await openLaboratory();
  const databases = new TrialDatabases(laboratory, scale.trials);
  const context = { laboratory, scale, databases, kafkaBrokers: options.kafkaBrokers };
  // Ended from outside, the server and its files would stay behind.
  const interrupted = (): void => void laboratory.close().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    for (const name of names) {
      console.error(`measuring ${name} …`);
      const section = await known[name]!(context);
      sections.push(section);
      if (!options.json) write(render(section));
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    await laboratory.close();
  }
  const passed = sections.every((section) => passes(section, quick));
  if (options.json) write(JSON.stringify({ quick, passed, sections }, null, 2));
  else if (!passed) write('\nnot as it should be: see above');
  else write(quick ? '\nfaultless; a quick run does not judge targets' : '\nfaultless, and all targets met');
  return passed ? 0 : 1;
}

/** Peers may err; Cairn may not. */
export const passes = (section: Section, quick: boolean): boolean =>
  section.correctness.every((counts) => counts.contender !== 'cairn' || isFaultless(counts)) &&
  (quick || section.targets.every(isMet));
