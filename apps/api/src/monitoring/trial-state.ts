import type { Instant, Position } from '@cairn/event-sourcing';
import {
  defaultSiteClassCutPoints,
  engagementDefinition,
  type EngagementTable,
  type FidelityAssociation,
  fidelityAssociation,
  fidelityPoints,
  type Moment,
  nextAssessment,
  type ParticipantFacts,
  present,
  type SiteAssessments,
  type SiteFidelity,
  siteFidelity,
  TrialEngagement,
} from '@cairn/monitoring';
import type { EngagementDefinition, Protocol, TrialRoster } from '@cairn/registry';
import type { Site } from '../generated/schema.js';
import { presentSite, trialRules } from '../registry/trial-roster.js';

/** Documents of one trial, all of them or those that changed, and the position that they bring a reader to. */
export interface TrialDocuments {
  readonly position: Position;
  readonly trial: TrialRoster | undefined;
  readonly participants: ReadonlyMap<string, ParticipantFacts>;
  readonly fidelity: ReadonlyMap<string, SiteAssessments>;
}

/** A site's row of the table. */
export interface SiteRow {
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
    }
    this.read = position;
  }

  /** No document changed up to this position. */
  advance(position: Position): void {
    if (position > this.read) this.read = position;
  }

  /** The table at a moment; of the present one each definition's is kept until something or the time changes it. */
  engagement(
    definition: EngagementDefinition,
    at: { asOf?: Instant; knownAt?: Instant },
    now: Instant,
  ): EngagementAnswer {
    const asOf = at.asOf ?? now;
    if (at.asOf !== undefined || at.knownAt !== undefined) {
      const table = this.table(definition, { asOf, knownAt: at.knownAt ?? Infinity });
      return { ...table, asOf, position: this.read };
    }
    const kept = this.tables.get(definition.id);
    if (kept && kept.madeAt <= now && (kept.table.validUntil === undefined || now < kept.table.validUntil)) {
      return { ...kept.table, asOf, position: this.read };
    }
    const table = this.table(definition, present(now));
    this.tables.set(definition.id, { madeAt: now, table });
    return { ...table, asOf, position: this.read };
  }

  association(definition: EngagementDefinition, moment: Moment): FidelityAssociation {
    const { sites } = this.engagementOf.table(definition, moment, [...this.sitesById.keys()]);
    const points = fidelityPoints(sites, (site) => this.fidelityOf(site, moment)?.value);
    return fidelityAssociation(points, this.rules.protocol.siteClasses ?? defaultSiteClassCutPoints);
  }

  participants(...asked: Parameters<TrialEngagement['participants']>): ReturnType<TrialEngagement['participants']> {
    return this.engagementOf.participants(...asked);
  }

  /** Ids of all participants that were ever referred to the site, by what is known today. */
  participantsEverOf(site: string): readonly string[] {
    return [...this.facts]
      .filter(([, { facts }]) => facts.some((fact) => fact.kind === 'referred' && fact.site === site))
      .map(([id]) => id);
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

  private table(definition: EngagementDefinition, moment: Moment): Table {
    const { overall, sites, validUntil } = this.engagementOf.table(definition, moment, [...this.sitesById.keys()]);
    const turns = [validUntil, ...[...this.assessments.values()].map((each) => nextAssessment(each, moment.asOf))];
    const next = Math.min(...turns.map((turn) => turn ?? Infinity));
    return {
      definition,
      overall,
      sites: sites.map(({ site, counts }) => {
        const fidelityAssessment = this.fidelityOf(site, moment) ?? null;
        const fidelity = fidelityAssessment?.value ?? null;
        return { site: this.sitesById.get(site)!, counts, fidelity, fidelityAssessment };
      }),
      validUntil: next === Infinity ? undefined : next,
    };
  }

  private fidelityOf(site: string, moment: Moment): SiteFidelity | undefined {
    const assessments = this.assessments.get(site);
    return assessments && siteFidelity(assessments, this.openedOn.get(site), this.rules, moment);
  }
}
