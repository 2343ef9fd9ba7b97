import type { Instant, Position } from '@cairn/event-sourcing';
import {
  armAt,
  defaultSiteClassCutPoints,
  engagementDefinition,
  type EngagementTable,
  type FidelityAssociation,
  fidelityAssociation,
  fidelityPoints,
  isAllocatedTo,
  type Moment,
  nextAssessment,
  type ParticipantFacts,
  present,
  type SiteAssessments,
  type SiteBenchmark,
  type SiteEngagement,
  type SiteFidelity,
  siteFidelity,
  siteOf,
  TrialEngagement,
  wasReferredTo,
} from '@cairn/monitoring';
import type { EngagementDefinition, Protocol, TrialRoster } from '@cairn/registry';
import type { Site } from '../generated/schema.js';
import { presentSite, trialRules } from '../registry/trial-roster.js';
import { neutralTime } from './neutral-time.js';

const ALWAYS: Moment = { asOf: Infinity, knownAt: Infinity };

/** Documents of one trial, all of them or those that changed, and the position that they bring a reader to. */
export interface TrialDocuments {
  readonly position: Position;
  readonly trial: TrialRoster | undefined;
  readonly participants: ReadonlyMap<string, ParticipantFacts>;
  readonly fidelity: ReadonlyMap<string, SiteAssessments>;
}

/** A site's row of the table. */
export interface SiteRow {
  readonly trial: string;
  readonly site: Site;
  readonly counts: EngagementTable['overall'];
  readonly fidelity: number | null;
  readonly fidelityAssessment: SiteFidelity | null;
}

/** An engagement table as it is answered. */
export interface EngagementAnswer {
  readonly definition: EngagementDefinition;
  readonly asOf: Instant;
  readonly position: Position;
  readonly overall: EngagementTable['overall'];
  readonly sites: readonly SiteRow[];
  /** The first later instant at which time alone makes another table of it. */
  readonly validUntil: Instant | undefined;
}

/** A benchmark as it is answered. */
export interface BenchmarkAnswer extends Omit<SiteBenchmark, 'own'> {
  readonly definition: EngagementDefinition;
  readonly own: readonly SiteRow[];
}

/** What of a table is wanted. Without it: all sites, with their fidelity. */
export interface TableParts {
  /** Only these sites, and the sum over them. */
  readonly sites?: ReadonlySet<string>;
  readonly fidelity?: boolean;
}

/** Tables of the present that are kept; there is one for each group of sites that some viewer may see. */
const MAX_TABLES = 1_000;

type Table = Omit<EngagementAnswer, 'asOf' | 'position'>;

/** One trial's read models in memory, and the tables that were made from them. */
export class TrialState {
  private roster: TrialRoster;
  private rules: { readonly timeZone: string; readonly protocol: Protocol };
  private engagementOf: TrialEngagement;
  private readonly facts = new Map<string, ParticipantFacts>();
  private readonly assessments = new Map<string, SiteAssessments>();
  private sitesById = new Map<string, Site>();
  private openedOn = new Map<string, string | undefined>();
  private readonly tables = new Map<string, { readonly madeAt: Instant; readonly table: Table }>();
  private read: Position;
  private changes = 0;
  private neutral: Instant | undefined;

  /** @param documents all of them, the trial's own among them */
  constructor(documents: TrialDocuments & { readonly trial: TrialRoster }) {
    this.roster = documents.trial;
    this.rules = trialRules(documents.trial);
    this.read = documents.position;
    this.engagementOf = new TrialEngagement(this.rules);
    this.takeTrial(documents.trial);
    this.take({ ...documents, trial: undefined });
  }

  get trial(): TrialRoster {
    return this.roster;
  }

  /** How far the log is included. */
  get position(): Position {
    return this.read;
  }

  /** Rises with every changed document. */
  get version(): number {
    return this.changes;
  }

  /** Documents held, for the cache's budget. */
  get size(): number {
    return this.facts.size + this.assessments.size + 1;
  }

  /** In the order of their ids. */
  get sites(): readonly Site[] {
    return [...this.sitesById.values()];
  }

  site(id: string): Site | undefined {
    return this.sitesById.get(id);
  }

  definition(id: string): EngagementDefinition | undefined {
    return engagementDefinition(this.rules.protocol, id);
  }

  /** Brings the state to a later position. */
  take({ position, trial, participants, fidelity }: TrialDocuments): void {
    if (trial) this.takeTrial(trial);
    for (const [id, facts] of participants) {
      this.facts.set(id, facts);
      this.engagementOf.set(id, facts);
    }
    for (const [site, assessments] of fidelity) this.assessments.set(site, assessments);
    if (trial || participants.size > 0 || fidelity.size > 0) {
      this.changes++;
      this.tables.clear();
      this.neutral = undefined;
    }
    this.read = position;
  }

  /** No document changed up to this position. */
  advance(position: Position): void {
    if (position > this.read) this.read = position;
  }

  /** The table at a moment; of the present one each is kept until something or the time changes it. */
  engagement(
    definition: EngagementDefinition,
    at: { asOf?: Instant; knownAt?: Instant },
    now: Instant,
    parts: TableParts = {},
  ): EngagementAnswer {
    const asOf = at.asOf ?? now;
    if (at.asOf !== undefined || at.knownAt !== undefined) {
      const table = this.table(definition, { asOf, knownAt: at.knownAt ?? Infinity }, parts);
      return { ...table, asOf, position: this.read };
    }
    const key = JSON.stringify([definition.id, parts.fidelity !== false, parts.sites && [...parts.sites].sort()]);
    const kept = this.tables.get(key);
    if (kept && kept.madeAt <= now && (kept.table.validUntil === undefined || now < kept.table.validUntil)) {
      return { ...kept.table, asOf, position: this.read };
    }
    const table = this.table(definition, present(now), parts);
    if (this.tables.size >= MAX_TABLES) this.tables.clear();
    this.tables.set(key, { madeAt: now, table });
    return { ...table, asOf, position: this.read };
  }

  association(definition: EngagementDefinition, moment: Moment): FidelityAssociation {
    const { sites } = this.engagementOf.table(definition, moment, [...this.sitesById.keys()]);
    const points = fidelityPoints(sites, (site) => this.fidelityOf(site, moment)?.value);
    return fidelityAssociation(points, this.rules.protocol.siteClasses ?? defaultSiteClassCutPoints);
  }

  /** @param parts the sites that are shown by name and in full */
  benchmark(
    definition: EngagementDefinition,
    asOf: Instant | undefined,
    now: Instant,
    { sites, fidelity }: TableParts,
  ): BenchmarkAnswer {
    const ids = [...this.sitesById.keys()];
    const made = this.engagementOf.benchmark(definition, ids, sites ?? new Set(ids), { asOf, now });
    const moment = { asOf: made.asOf, knownAt: Infinity };
    return { ...made, definition, own: made.own.map((row) => this.row(row, moment, fidelity)) };
  }

  participants(...asked: Parameters<TrialEngagement['participants']>): ReturnType<TrialEngagement['participants']> {
    return this.engagementOf.participants(...asked);
  }

  /** Ids of all participants that were ever referred to the site, by what is known today. */
  participantsEverOf(site: string): readonly string[] {
    return [...this.facts].filter(([, facts]) => wasReferredTo(facts, site)).map(([id]) => id);
  }

  /** Ids of the participants who belong to one of the sites or are allocated to one of the workers, as known today. */
  participantsOf(sites: ReadonlySet<string>, workers: ReadonlySet<string>): readonly string[] {
    return [...this.facts]
      .filter(([, facts]) => sites.has(siteOf(facts) ?? '') || isAllocatedTo(facts, workers, ALWAYS))
      .map(([id]) => id);
  }

  /** Whether the participant had been allocated to one of the workers by the moment. */
  isAllocated(participant: string, workers: ReadonlySet<string>, moment: Moment): boolean {
    const facts = this.facts.get(participant);
    return facts !== undefined && isAllocatedTo(facts, workers, moment);
  }

  /** The arm that the participant had been randomised to by the moment. */
  arm(participant: string, moment: Moment): string | undefined {
    const facts = this.facts.get(participant);
    return facts && armAt(facts, moment);
  }

  /** When the newest thing was recorded that is the same in every arm: see `neutral-time.ts`. */
  get neutralTime(): Instant {
    this.neutral ??= neutralTime(this.roster, this.facts.values());
    return this.neutral;
  }

  private takeTrial(trial: TrialRoster): void {
    this.roster = trial;
    this.rules = trialRules(trial);
    this.sitesById = new Map(trial.sites.map((site) => [site.site, presentSite(site, trial)]));
    this.openedOn = new Map(trial.sites.map((site) => [site.site, site.openedOn]));
    // Windows and arms are the protocol's: every timeline is read anew.
    this.engagementOf = new TrialEngagement(this.rules);
    for (const [id, facts] of this.facts) this.engagementOf.set(id, facts);
  }

  private table(definition: EngagementDefinition, moment: Moment, { sites: wanted, fidelity }: TableParts): Table {
    const ids = [...this.sitesById.keys()].filter((id) => wanted?.has(id) ?? true);
    const { overall, sites, validUntil } = this.engagementOf.table(definition, moment, ids);
    const assessed = fidelity === false ? [] : ids.flatMap((id) => this.assessments.get(id) ?? []);
    const next = Math.min(
      validUntil ?? Infinity,
      ...assessed.map((each) => nextAssessment(each, moment.asOf) ?? Infinity),
    );
    return {
      definition,
      overall,
      sites: sites.map((row) => this.row(row, moment, fidelity)),
      validUntil: next === Infinity ? undefined : next,
    };
  }

  private row({ site, counts }: SiteEngagement, moment: Moment, withFidelity = true): SiteRow {
    const fidelityAssessment = (withFidelity ? this.fidelityOf(site, moment) : undefined) ?? null;
    const fidelity = fidelityAssessment?.value ?? null;
    return { trial: this.roster.trial, site: this.sitesById.get(site)!, counts, fidelity, fidelityAssessment };
  }

  private fidelityOf(site: string, moment: Moment): SiteFidelity | undefined {
    const assessments = this.assessments.get(site);
    return assessments && siteFidelity(assessments, this.openedOn.get(site), this.rules, moment);
  }
}
