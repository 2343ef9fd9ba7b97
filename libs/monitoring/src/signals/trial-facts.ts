import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact, Instant } from '@cairn/event-sourcing';
import { type RecordVersion, standingVersions } from '../record-versions.js';
import type { TrialRegister } from '../trial-register.js';
import { trialSetting, type TrialSetting } from '../trial-setting.js';
import { trialUnits, unitName, type TrialUnit } from '../trial-units.js';

/** What rules look at: what stands of a trial's records, whenever it occurred, and its register. */
export interface TrialFacts {
  readonly setting: TrialSetting;
  /** ISO day in the trial's zone; undefined: recruitment has no known end. */
  readonly recruitmentTo: string | undefined;
  /** Standing versions by `unitName`, in the order of the log. */
  readonly units: ReadonlyMap<string, TrialUnit & { readonly versions: readonly RecordVersion[] }>;
  /** Another one after each change; absent where nothing ever changes. */
  readonly revision?: number;
}

/** What the facts of a trial are made of. */
export interface TrialFactsInput {
  /** As it was at the last of the events; of its protocols the last one counts. */
  readonly register: TrialRegister;
  readonly recruitmentTo: string | undefined;
  /** Of this trial, in the order of the log; those of other contexts are left out. */
  readonly events: Iterable<Fact<DeliveryEvent>>;
}

/** The facts of a trial, from its whole log. Where events keep coming, see `GrowingFacts`. */
export function trialFacts({ register, recruitmentTo, events }: TrialFactsInput): TrialFacts {
  const units = [...trialUnits(events, register)].map(
    ([name, { kind, id, events: own }]) => [name, { kind, id, versions: standingVersions(own) }] as const,
  );
  return { setting: trialSetting(register, NEVER), recruitmentTo, units: new Map(units) };
}

/** The standing versions of one unit. */
export const versionsOf = ({ units }: TrialFacts, unit: TrialUnit): readonly RecordVersion[] =>
  units.get(unitName(unit))?.versions ?? [];

/** Instants that are later than everything. */
export const NEVER: Instant = Infinity;
