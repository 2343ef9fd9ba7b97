import { type AppendPlan, benchAppend, FULL_APPEND, QUICK_APPEND } from './append.js';
import { benchCopy } from './copy.js';
import { type Laboratory, openLaboratory } from './laboratory.js';
import { isMet, render, type Section } from './report.js';
import { isFaultless } from './witness.js';

export interface BenchOptions {
  /** Names of sections, comma between them; all when left out. */
  readonly only?: string;
  /** Short turns and small logs: figures mean little, and only lost, duplicated, reordered and falsely rejected are judged. */
  readonly quick?: boolean;
  /** One JSON document instead of tables. */
  readonly json?: boolean;
}

type Bench = (laboratory: Laboratory, quick: boolean) => Promise<Section>;

const appendPlan = (quick: boolean): AppendPlan => (quick ? QUICK_APPEND : FULL_APPEND);

export const SECTIONS: Readonly<Record<string, Bench>> = {
  append: (laboratory, quick) => benchAppend(laboratory, appendPlan(quick)),
  copy: benchCopy,
};

/**
 * Measures Cairn against its targets and its peers, on an embedded PostgreSQL of its own.
 * @returns 0: faultless and all targets met; 1: a fault of Cairn's own, or a target missed; 2: an unknown section
 */
export async function bench(options: BenchOptions, write = (text: string) => console.log(text)): Promise<number> {
  const names = options.only?.split(',').map((name) => name.trim()) ?? Object.keys(SECTIONS);
  const unknown = names.find((name) => !SECTIONS[name]);
  if (unknown !== undefined) {
    console.error(`no section ${unknown}; there are ${Object.keys(SECTIONS).join(', ')}`);
    return 2;
  }
  const quick = options.quick ?? false;
  const sections: Section[] = [];
  const laboratory = await openLaboratory();
  try {
    for (const name of names) {
      const section = await SECTIONS[name]!(laboratory, quick);
      sections.push(section);
      if (!options.json) write(render(section));
    }
  } finally {
    await laboratory.close();
  }
  const passed = sections.every((section) => passes(section, quick));
  if (options.json) write(JSON.stringify({ quick, passed, sections }, null, 2));
  else write(passed ? '\nfaultless; targets met' : '\nnot as it should be: see above');
  return passed ? 0 : 1;
}

/** Peers may err; Cairn may not. */
export const passes = (section: Section, quick: boolean): boolean =>
  section.correctness.every((counts) => counts.contender !== 'cairn' || isFaultless(counts)) &&
  (quick || section.targets.every(isMet));
