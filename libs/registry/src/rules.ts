import { type Instant, parseInstant } from '@cairn/event-sourcing';
import type { RegisterEntry } from './entries.js';
import type { Protocol } from './protocol.js';
import { refused, type RegistryRefused } from './refusals.js';

/*
 * Rules that look at the command and the clock only. Each answers with the refusal of a command that breaks it.
 */

/** What the rules may look at outside of the stream. */
export interface RegistryWorld {
  readonly now: Instant;
  /** What is said by each event that an amendment names. */
  readonly entries?: ReadonlyMap<string, RegisterEntry>;
}

/** At this very moment is not in the future. */
export const hasHappened = (
  { occurredAt }: { readonly occurredAt?: Instant | undefined },
  { now }: RegistryWorld,
): RegistryRefused | undefined =>
  occurredAt !== undefined && occurredAt > now ? refused('OCCURRED_IN_FUTURE', 'occurredAt') : undefined;

/** @param field the input field that holds the end */
export const employmentHasOrder = (
  { startedAt, endedAt }: { readonly startedAt?: string | undefined; readonly endedAt?: string | undefined },
  field = 'endedAt',
): RegistryRefused | undefined =>
  startedAt !== undefined && endedAt !== undefined && parseInstant(endedAt)! < parseInstant(startedAt)!
    ? refused('ENDED_BEFORE_STARTED', field)
    : undefined;

type ProtocolRule = (protocol: Protocol) => RegistryRefused | undefined;

const someArmHasTheIntervention: ProtocolRule = ({ arms }) =>
  arms.some((arm) => arm.intervention) ? undefined : refused('INTERVENTION_ARM_MISSING', 'protocol');

const armsAreDistinct: ProtocolRule = ({ arms }) =>
  areDistinct(arms.map(({ id }) => id)) ? undefined : refused('ARM_NAMED_TWICE', 'protocol');

const strataAreDistinct: ProtocolRule = ({ strata }) =>
  areDistinct(strata) ? undefined : refused('STRATUM_NAMED_TWICE', 'protocol');

const definitionsAreDistinct: ProtocolRule = ({ engagementDefinitions }) =>
  areDistinct(engagementDefinitions.map(({ id }) => id)) ? undefined : refused('DEFINITION_NAMED_TWICE', 'protocol');

const builtInDefinitionsAreNotShadowed: ProtocolRule = ({ engagementDefinitions }) =>
  engagementDefinitions.some(({ id }) => id === 'table' || id === 'text')
    ? refused('DEFINITION_RESERVED', 'protocol')
    : undefined;

const cutPointsLeaveClassesApart: ProtocolRule = ({ siteClasses }) =>
  siteClasses &&
  siteClasses.low.fidelity >= siteClasses.high.fidelity &&
  siteClasses.low.engagement >= siteClasses.high.engagement
    ? refused('CUT_POINTS_OVERLAP', 'protocol')
    : undefined;

const protocolRules: readonly ProtocolRule[] = [
  someArmHasTheIntervention,
  armsAreDistinct,
  strataAreDistinct,
  definitionsAreDistinct,
  builtInDefinitionsAreNotShadowed,
  cutPointsLeaveClassesApart,
];

/** What a protocol must be beyond its shape. */
export const protocolIsSound = (protocol: Protocol): RegistryRefused | undefined => {
  for (const rule of protocolRules) {
    const refusal = rule(protocol);
    if (refusal) return refusal;
  }
  return undefined;
};

const areDistinct = (ids: readonly string[]): boolean => new Set(ids).size === ids.length;
