import type { Instant } from '@cairn/event-sourcing';
import type { RecordVersion } from '../record-versions.js';
import type { TrialSetting } from '../trial-setting.js';
import { unitName, type TrialUnit } from '../trial-units.js';

/** What rules look at: what stands of a trial's records, whenever it occurred, and its register. */
export interface TrialFacts {
  readonly setting: TrialSetting;
  /** ISO day in the trial's zone; undefined: recruitment has no known end. */
  readonly recruitmentTo: string | undefined;
  /** Standing versions by `unitName`, in the order of the log. */
  readonly units: ReadonlyMap<string, TrialUnit & { readonly versions: readonly RecordVersion[] }>;
}

/** The standing versions of one unit. */
export const versionsOf = ({ units }: TrialFacts, unit: TrialUnit): readonly RecordVersion[] =>
  units.get(unitName(unit))?.versions ?? [];

/** Instants that are later than everything. */
export const NEVER: Instant = Infinity;
