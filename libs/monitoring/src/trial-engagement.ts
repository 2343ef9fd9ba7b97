import type { Instant } from '@cairn/event-sourcing';
import type { EngagementDefinition } from '@cairn/registry/protocol';
import { type EngagementCounts, countsOf, emptyTally, sumOf, type Tally } from './engagement-counts.js';
import {
  engagedAt,
  engagementOf,
  type EngagementProtocol,
  type EngagementStatus,
  hasCome,
  type ParticipantEngagement,
  statusAt,
  type Timeline,
  TimelineReader,
} from './engagement.js';
import { lastChange, type Moment, timesOfRecord } from './moment.js';
import type { ParticipantFacts } from './participant-facts.js';
import { benchmarkOf, monthOf, type SiteBenchmark, takenInUntil } from './site-benchmark.js';

/** A row of the table. */
export interface SiteEngagement {
  readonly site: string;
  readonly counts: EngagementCounts;
}

/** Who is engaged in a trial, by one definition at one moment. */
export interface EngagementTable {
  readonly overall: EngagementCounts;
  /** Every site, zero rows included, by site id. */
  readonly sites: readonly SiteEngagement[];
  /**
   * The first instant after `asOf` at which the table becomes another through the passage of time alone (a window
   * closes, or something recorded with a later time has come); undefined when none will.
   */
  readonly validUntil: Instant | undefined;
}

/** Ids in the order of their UTF-16 code units: the same everywhere, whatever the locale, and the order of cursors. */
export const byId = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Entry {
  readonly participant: string;
  readonly facts: ParticipantFacts;
  /** From this instant on the participant is known as today. */
  readonly lastChange: Instant;
  /** As known today; read when somebody first asks. */
  timeline: Timeline | undefined;
  /** By definition id. */
  readonly engaged: Map<string, { readonly definition: EngagementDefinition; readonly at: Instant | undefined }>;
}

/**
 * The engagement of one trial's participants, kept ready: what does not depend on the moment is worked out once for each
 * changed document, when it is first asked for, so that a table is one pass over turning points. A changed protocol needs a new one.
 */
export class TrialEngagement {
  private readonly entries = new Map<string, Entry>();
  private readonly reader: TimelineReader;
  private order: readonly string[] | undefined;

  constructor(private readonly trial: EngagementProtocol) {
    this.reader = new TimelineReader(trial);
  }

  get size(): number {
    return this.entries.size;
  }

  /** Takes a participant's new or changed document. */
  set(participant: string, facts: ParticipantFacts): void {
    if (!this.entries.has(participant)) this.order = undefined;
    this.entries.set(participant, {
      participant,
      facts,
      lastChange: lastChange(facts.facts),
      timeline: undefined,
      engaged: new Map(),
    });
  }

  /**
   * Who is engaged, by site.
   * @param sites the trial's sites; participants of any other site are in no row and not in the sum
   */
  table(definition: EngagementDefinition, moment: Moment, sites: readonly string[]): EngagementTable {
    const { asOf } = moment;
    const tallies = new Map(sites.toSorted(byId).map((site) => [site, emptyTally()] as const));
    let validUntil = Infinity;
    for (const entry of this.entries.values()) {
      const { timeline, engaged } = this.at(entry, definition, moment.knownAt);
      const tally = timeline.site === undefined ? undefined : tallies.get(timeline.site);
      if (!tally) continue;
      count(tally, timeline, engaged, asOf);
      validUntil = Math.min(validUntil, nextChange(timeline, engaged, asOf));
    }
    return {
      overall: countsOf(sumOf(tallies.values())),
      sites: [...tallies].map(([site, tally]) => ({ site, counts: countsOf(tally) })),
      validUntil: validUntil === Infinity ? undefined : validUntil,
    };
  }

  /**
   * Sites beside the others of the trial, at the end of the last month that was over at `asOf`. Own ones are shown with
   * all that is on record; of others, what was recorded lately is taken in by months and lots (`site-benchmark.ts`).
   * @param own sites that are shown by name and in full
   *
   * With `knownAt` it is the benchmark that was shown at that time: months and lots are those of then. Whoever asks for
   * many of them learns what somebody does who had asked all along, which is nothing about few people.
   * @param asOf a later one than `now` is taken for `now`, and so is `knownAt`
   */
  benchmark(
    definition: EngagementDefinition,
    sites: readonly string[],
    own: ReadonlySet<string>,
    at: { readonly asOf?: Instant | undefined; readonly knownAt?: Instant | undefined; readonly now: Instant },
  ): SiteBenchmark {
    const { timeZone } = this.trial;
    const now = Math.min(at.knownAt ?? at.now, at.now);
    const known = now < at.now ? now : Infinity;
    const end = monthOf(Math.min(at.asOf ?? now, now), timeZone) - 1;
    const bySite = new Map(sites.toSorted(byId).map((site) => [site, [] as Entry[]] as const));
    for (const entry of this.entries.values()) {
      const { site } = this.timelineOf(entry, known);
      if (site !== undefined) bySite.get(site)?.push(entry);
    }
    const rows = [...bySite].map(([site, entries]) => {
      const knownAt = takenInUntil(
        entries.flatMap(({ facts }) => timesOfRecord(facts.facts)),
        now,
        timeZone,
      );
      return { site, counts: countsOf(this.tallyOf(site, entries, definition, { asOf: end, knownAt })) };
    });
    const inFull = [...bySite].filter(([site]) => own.has(site));
    return {
      asOf: end,
      own: inFull.map(([site, entries]) => {
        return { site, counts: countsOf(this.tallyOf(site, entries, definition, { asOf: end, knownAt: known })) };
      }),
      ...benchmarkOf(rows, own),
    };
  }

  /** The participants referred or randomised by the moment, by id. */
  participants(
    definition: EngagementDefinition,
    moment: Moment,
    filter: { readonly site?: string | undefined; readonly status?: EngagementStatus | undefined } = {},
  ): readonly ParticipantEngagement[] {
    this.order ??= [...this.entries.keys()].sort(byId);
    return this.order.flatMap((id) => {
      const row = this.participant(id, definition, moment);
      const wanted = row && (filter.site ?? row.site) === row.site && (filter.status ?? row.status) === row.status;
      return wanted ? [row] : [];
    });
  }

  /** One participant at a moment; undefined when neither referred nor randomised by then. */
  participant(id: string, definition: EngagementDefinition, moment: Moment): ParticipantEngagement | undefined {
    const entry = this.entries.get(id);
    if (!entry) return undefined;
    const { timeline, engaged } = this.at(entry, definition, moment.knownAt);
    return engagementOf(id, timeline, engaged, moment.asOf);
  }

  private tallyOf(site: string, entries: readonly Entry[], definition: EngagementDefinition, moment: Moment): Tally {
    const tally = emptyTally();
    for (const entry of entries) {
      const { timeline, engaged } = this.at(entry, definition, moment.knownAt);
      if (timeline.site === site) count(tally, timeline, engaged, moment.asOf);
    }
    return tally;
  }

  private at(
    entry: Entry,
    definition: EngagementDefinition,
    knownAt: Instant,
  ): { readonly timeline: Timeline; readonly engaged: Instant | undefined } {
    const timeline = this.timelineOf(entry, knownAt);
    if (timeline !== entry.timeline) return { timeline, engaged: engagedAt(timeline, definition) };
    const kept = entry.engaged.get(definition.id);
    if (kept?.definition === definition) return { timeline, engaged: kept.at };
    const at = engagedAt(timeline, definition);
    entry.engaged.set(definition.id, { definition, at });
    return { timeline, engaged: at };
  }

  private timelineOf(entry: Entry, knownAt: Instant): Timeline {
    if (knownAt < entry.lastChange) return this.reader.read(entry.facts, knownAt);
    return (entry.timeline ??= this.reader.read(entry.facts, Infinity));
  }
}

function count(tally: Tally, timeline: Timeline, engaged: Instant | undefined, asOf: Instant): void {
  if (hasCome(timeline.randomisedAt, asOf)) tally.randomised++;
  const status = statusAt(timeline, engaged, asOf);
  if (status !== 'not_offered') tally.offered++;
  switch (status) {
    case 'engaged':
      tally.engaged++;
      break;
    case 'not_yet':
      tally.notYet++;
      break;
    case 'not_engaged':
      tally.notEngaged++;
      break;
    case 'no_data':
    case 'not_offered':
      break;
    default:
      status satisfies never;
  }
}

/** The next turning point at which the participant is counted in another way; Infinity when there is none. */
function nextChange(timeline: Timeline, engaged: Instant | undefined, asOf: Instant): Instant {
  let next = Infinity;
  const points = [timeline.randomisedAt, timeline.allocatedAt, timeline.dataWithdrawnAt, engaged, timeline.closesAt];
  for (const point of points) {
    if (point === undefined || point <= asOf || point >= next) continue;
    if (countedAs(timeline, engaged, point) !== countedAs(timeline, engaged, point - 1)) next = point;
  }
  return next;
}

const countedAs = (timeline: Timeline, engaged: Instant | undefined, asOf: Instant): string =>
  `${statusAt(timeline, engaged, asOf)}/${hasCome(timeline.randomisedAt, asOf)}`;
