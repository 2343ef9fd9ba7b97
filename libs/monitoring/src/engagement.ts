import type { Instant } from '@cairn/event-sourcing';
import type { EngagementDefinition, Protocol } from '@cairn/registry/protocol';
import { windowCloser } from './intervention-window.js';
import { isKnown, type Moment } from './moment.js';
import type { ContactFact, ParticipantFact, ParticipantFacts } from './participant-facts.js';

/**
 * - `not_offered`: not allocated to an intervention arm.
 * - `no_data`: offered, but no peer worker is known, or the use of the data was withdrawn.
 * - `engaged`: with data, and the definition is met.
 * - `not_yet`: with data, not engaged, and the intervention window is still open or discharge has not happened.
 * - `not_engaged`: with data, not engaged, and the window has closed.
 */
export type EngagementStatus = 'engaged' | 'not_yet' | 'not_engaged' | 'no_data' | 'not_offered';

/** What a trial's protocol says about engagement. */
export interface EngagementProtocol {
  readonly timeZone: string;
  readonly protocol: Pick<Protocol, 'arms' | 'interventionWindow'>;
}

/** A participant as a list shows it. */
export interface ParticipantEngagement {
  readonly participant: string;
  readonly site: string;
  readonly status: EngagementStatus;
  /** The time of the contact that completed the definition; only with status `engaged`. */
  readonly engagedAt?: Instant;
  /** The index discharge: the earliest one. */
  readonly dischargedAt?: Instant;
  /** The first instant at which contacts no longer count. */
  readonly windowClosesAt?: Instant;
}

/**
 * The turning points of one participant, from everything known at one time. Each holds for every `asOf`: what happened by
 * then is what has an instant at or before it. That is so because every point is the earliest of its kind, and because
 * the window, which opens with discharge, never shuts out a contact that happened before discharge.
 */
export interface Timeline {
  /** Of the referral; undefined when no referral stands, and then the participant is in no table or list. */
  readonly site: string | undefined;
  readonly referredAt: Instant | undefined;
  readonly randomisedAt: Instant | undefined;
  /** Whether that was to an intervention arm. */
  readonly intervention: boolean;
  readonly allocatedAt: Instant | undefined;
  readonly dataWithdrawnAt: Instant | undefined;
  readonly dischargedAt: Instant | undefined;
  readonly closesAt: Instant | undefined;
  /** Attended before the window closes, by time. */
  readonly contacts: readonly ContactFact[];
}

/** Reads timelines for one trial; windows are worked out once for each day of discharge. */
export class TimelineReader {
  private readonly interventionArms: ReadonlySet<string>;
  private readonly closes: (dischargedAt: Instant) => Instant;

  constructor({ protocol, timeZone }: EngagementProtocol) {
    this.interventionArms = new Set(protocol.arms.filter((arm) => arm.intervention).map((arm) => arm.id));
    this.closes = windowCloser(protocol.interventionWindow, timeZone);
  }

  /** What was known about a participant at `knownAt`. */
  read({ facts }: ParticipantFacts, knownAt: Instant): Timeline {
    const known = facts.filter((fact) => isKnown(fact, knownAt));
    const referred = earliest(known, 'referred');
    const randomised = earliest(known, 'randomised');
    const dischargedAt = earliest(known, 'discharged')?.occurredAt;
    const closesAt = dischargedAt === undefined ? undefined : this.closes(dischargedAt);
    return {
      site: referred?.site,
      referredAt: referred?.occurredAt,
      randomisedAt: randomised?.occurredAt,
      intervention: randomised !== undefined && this.interventionArms.has(randomised.arm),
      allocatedAt: earliest(known, 'allocated')?.occurredAt,
      dataWithdrawnAt: earliest(
        known.filter((fact) => fact.kind === 'withdrawn' && fact.scope === 'data_use'),
        'withdrawn',
      )?.occurredAt,
      dischargedAt,
      closesAt,
      contacts: known
        .filter((fact) => fact.kind === 'contact')
        .filter(({ outcome, occurredAt }) => outcome === 'attended' && !hasCome(closesAt, occurredAt))
        .sort((a, b) => a.occurredAt - b.occurredAt),
    };
  }
}

/** When the contact took place that completed the definition; undefined when it is not met. */
export function engagedAt(timeline: Timeline, definition: EngagementDefinition): Instant | undefined {
  let completedAt = -Infinity;
  for (const { atLeast, modes, settings, fromDischarge = false } of definition.requirements) {
    const completing = timeline.contacts.filter(
      (contact) =>
        (modes === undefined || modes.includes(contact.mode)) &&
        (settings === undefined || settings.includes(contact.setting)) &&
        (!fromDischarge || hasCome(timeline.dischargedAt, contact.occurredAt)),
    )[atLeast - 1];
    if (!completing) return undefined;
    completedAt = Math.max(completedAt, completing.occurredAt);
  }
  return completedAt === -Infinity ? undefined : completedAt;
}

/** @param engaged what `engagedAt` says of the timeline */
export function statusAt(timeline: Timeline, engaged: Instant | undefined, asOf: Instant): EngagementStatus {
  if (!timeline.intervention || !hasCome(timeline.randomisedAt, asOf)) return 'not_offered';
  if (!hasCome(timeline.allocatedAt, asOf) || hasCome(timeline.dataWithdrawnAt, asOf)) return 'no_data';
  if (hasCome(engaged, asOf)) return 'engaged';
  return hasCome(timeline.closesAt, asOf) ? 'not_engaged' : 'not_yet';
}

/** The participant at an instant; undefined when neither referred nor randomised by then. */
export function engagementOf(
  participant: string,
  timeline: Timeline,
  engaged: Instant | undefined,
  asOf: Instant,
): ParticipantEngagement | undefined {
  if (timeline.site === undefined) return undefined;
  if (!hasCome(timeline.referredAt, asOf) && !hasCome(timeline.randomisedAt, asOf)) return undefined;
  const status = statusAt(timeline, engaged, asOf);
  // Data that may not be used are not shown either.
  const discharged = hasCome(timeline.dischargedAt, asOf) && !hasCome(timeline.dataWithdrawnAt, asOf);
  return {
    participant,
    site: timeline.site,
    status,
    ...(status === 'engaged' && { engagedAt: engaged! }),
    ...(discharged && { dischargedAt: timeline.dischargedAt!, windowClosesAt: timeline.closesAt! }),
  };
}

/** Whether a turning point has been reached. */
export const hasCome = (point: Instant | undefined, asOf: Instant): boolean => point !== undefined && point <= asOf;

/** One participant at a moment, from the facts alone. */
export function participantEngagement(
  participant: string,
  facts: ParticipantFacts,
  definition: EngagementDefinition,
  trial: EngagementProtocol,
  moment: Moment,
): ParticipantEngagement | undefined {
  const timeline = new TimelineReader(trial).read(facts, moment.knownAt);
  return engagementOf(participant, timeline, engagedAt(timeline, definition), moment.asOf);
}

type FactOfKind<Kind extends ParticipantFact['kind']> = Extract<ParticipantFact, { kind: Kind }>;

/** Of two at the same time, the one recorded first. */
function earliest<Kind extends ParticipantFact['kind']>(
  facts: readonly ParticipantFact[],
  kind: Kind,
): FactOfKind<Kind> | undefined {
  let found: ParticipantFact | undefined;
  for (const fact of facts) {
    if (fact.kind === kind && (found === undefined || fact.occurredAt < found.occurredAt)) found = fact;
  }
  return found as FactOfKind<Kind> | undefined;
}
