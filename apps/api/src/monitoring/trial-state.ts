import type { Instant, Position } from '@cairn/event-sourcing';
import {
  armAt,
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
  type TrialEngagement,
  wasReferredTo,
} from '@cairn/monitoring';
import type { EngagementDefinition, TrialRoster } from '@cairn/registry';
import type { Site } from '../generated/schema.js';
import { neutralTime } from './neutral-time.js';
import { ProtocolEngagements } from './protocol-engagements.js';
import { type TrialRegister, TrialRegisters } from './trial-register.js';

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
  /** Of what had been recorded by then; absent of everything that is. */
  readonly knownAt?: Instant;
  /** How far the log was read for it, whatever of that had been recorded by `knownAt`. */
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

type Table = Omit<EngagementAnswer, 'asOf' | 'knownAt' | 'position'>;

/**
 * One trial's read models in memory, and the tables that were made from them. What is asked of a past `knownAt` is answered
 * by the register and by the facts of then, and by nothing that was recorded later.
 */
export class TrialState {
  private registers: TrialRegisters;
  private readonly facts = new Map<string, ParticipantFacts>();
  private readonly engagements = new ProtocolEngagements(this.facts);
  private readonly assessments = new Map<string, SiteAssessments>();
  private readonly tables = new Map<string, { readonly madeAt: Instant; readonly table: Table }>();
  private read: Position;
  private changes = 0;
  private neutral: Instant | undefined;

  /** @param documents all of them, the trial's own among them */
  constructor(documents: TrialDocuments & { readonly trial: TrialRoster }) {
    this.registers = new TrialRegisters(documents.trial);
    this.read = documents.position;
    this.take({ ...documents, trial: undefined });
  }

  get trial(): TrialRoster {
    return this.registers.present.roster;
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

  /** The register as it stood. */
  register(knownAt: Instant): TrialRegister {
    return this.registers.at(knownAt);
  }

  /** A definition as it stood. */
  definition(id: string, knownAt: Instant = Infinity): EngagementDefinition | undefined {
    return this.registers.at(knownAt).definition(id);
  }

  /** Brings the state to a later position. */
  take({ position, trial, participants, fidelity }: TrialDocuments): void {
    if (trial) this.registers = new TrialRegisters(trial);
    for (const [id, facts] of participants) {
      this.facts.set(id, facts);
      this.engagements.set(id, facts);
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
      const { knownAt } = at;
      const table = this.table(definition, { asOf, knownAt: knownAt ?? Infinity }, parts);
      return { ...table, asOf, ...(knownAt !== undefined && { knownAt }), position: this.read };
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
    const register = this.registers.at(moment.knownAt);
    const { sites } = this.engagements.of(register).table(definition, moment, register.sites);
    const points = fidelityPoints(sites, (site) => this.fidelityOf(register, site, moment)?.value);
    return fidelityAssociation(points, register.cutPoints);
  }

  /** @param parts the sites that are shown by name and in full */
  benchmark(
    definition: EngagementDefinition,
    at: { readonly asOf?: Instant | undefined; readonly knownAt?: Instant | undefined; readonly now: Instant },
    { sites, fidelity }: TableParts,
  ): BenchmarkAnswer {
    const knownAt = at.knownAt ?? Infinity;
    const register = this.registers.at(knownAt);
    const own = sites ?? new Set(register.sites);
    const made = this.engagements.of(register).benchmark(definition, register.sites, own, at);
    const moment = { asOf: made.asOf, knownAt };
    return { ...made, definition, own: made.own.map((row) => this.row(register, row, moment, fidelity)) };
  }

  participants(
    definition: EngagementDefinition,
    moment: Moment,
    filter?: Parameters<TrialEngagement['participants']>[2],
  ): ReturnType<TrialEngagement['participants']> {
    return this.engagements.of(this.registers.at(moment.knownAt)).participants(definition, moment, filter);
  }

  /** Ids of all participants that were ever referred to the site, as far as it was recorded by then. */
  participantsEverOf(site: string, knownAt: Instant = Infinity): readonly string[] {
    return [...this.facts].filter(([, facts]) => wasReferredTo(facts, site, knownAt)).map(([id]) => id);
  }

  /**
   * Ids of the participants who belong to one of the sites or are allocated to one of the workers as known today, and did
   * as it was known then.
   */
  participantsOf(
    sites: ReadonlySet<string>,
    workers: ReadonlySet<string>,
    knownAt: Instant = Infinity,
  ): readonly string[] {
    const isOne = (facts: ParticipantFacts, known: Instant): boolean =>
      sites.has(siteOf(facts, known) ?? '') || isAllocatedTo(facts, workers, { asOf: Infinity, knownAt: known });
    return [...this.facts]
      .filter(([, facts]) => isOne(facts, Infinity) && (knownAt === Infinity || isOne(facts, knownAt)))
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

  /** When the newest thing was recorded, by `knownAt`, that is the same in every arm: see `neutral-time.ts`. */
  neutralTime(knownAt: Instant = Infinity): Instant {
    if (knownAt !== Infinity) return neutralTime(this.trial, this.facts.values(), knownAt);
    this.neutral ??= neutralTime(this.trial, this.facts.values());
    return this.neutral;
  }

  private table(definition: EngagementDefinition, moment: Moment, { sites: wanted, fidelity }: TableParts): Table {
    const register = this.registers.at(moment.knownAt);
    const ids = register.sites.filter((id) => wanted?.has(id) ?? true);
    const { overall, sites, validUntil } = this.engagements.of(register).table(definition, moment, ids);
    const assessed = fidelity === false ? [] : ids.flatMap((id) => this.assessments.get(id) ?? []);
    const next = Math.min(validUntil ?? Infinity, ...assessed.map((each) => nextAssessment(each, moment) ?? Infinity));
    return {
      definition,
      overall,
      sites: sites.map((row) => this.row(register, row, moment, fidelity)),
      validUntil: next === Infinity ? undefined : next,
    };
  }

  private row(register: TrialRegister, { site, counts }: SiteEngagement, moment: Moment, withFidelity = true): SiteRow {
    const fidelityAssessment = (withFidelity ? this.fidelityOf(register, site, moment) : undefined) ?? null;
    const fidelity = fidelityAssessment?.value ?? null;
    return { trial: this.trial.trial, site: register.site(site)!, counts, fidelity, fidelityAssessment };
  }

  private fidelityOf(register: TrialRegister, site: string, moment: Moment): SiteFidelity | undefined {
    const assessments = this.assessments.get(site);
    return assessments && siteFidelity(assessments, register.openedOn(site), register.rules, moment);
  }
}
