import { type Assignment, Viewer } from '@cairn/access';
import { describe, expect, it } from '@jest/globals';
import type { Fact, Projection } from '@cairn/event-sourcing';
import {
  type EngagementTable,
  fidelityProjection,
  type ParticipantFacts,
  participantsProjection,
  present,
  type SiteAssessments,
} from '@cairn/monitoring';
import { rosterAt, type Trial, trialsProjection } from '@cairn/registry';
import fc from 'fast-check';
import { TrialSight } from '../../apps/api/src/monitoring/trial-sight.js';
import { TrialState } from '../../apps/api/src/monitoring/trial-state.js';
import { rosterFor } from '../../apps/api/src/registry/roster-sight.js';
import { rounds } from '../support/rounds.js';
import { oracleAssociation } from './association-oracle.js';
import {
  definitions,
  type OracleDefinition,
  oracleFidelity,
  oracleStatus,
  oracleTable,
  type Recorded,
  siteKnownAt,
  versionsOf,
} from './engagement-oracle.js';
import { eventsOf } from './facts.js';
import { pastScene, type PastScene, registrationsOf, timesOfRecord } from './random-past.js';
import { neutralTimeKnownAt, registerKnownAt, trialKnownAt } from './register-oracle.js';
import { expectSameTable } from './same-table.js';

const runs = { numRuns: rounds({ ci: 25, night: 200 }) };

interface Moment {
  asOf: number;
  knownAt: number;
}

const viewer = (role: Pick<Assignment, 'role' | 'site'>): Viewer =>
  Viewer.of({
    tenant: 'tenant',
    person: 'anna',
    name: 'Anna',
    assignments: [{ assignment: 'a', person: 'anna', trial: 'trial', ...role }],
    scopes: new Set(),
    validUntil: undefined,
  });
const manager = viewer({ role: 'trial_manager' });
const coordinator = viewer({ role: 'site_coordinator', site: 'S1' });

/** The product's read models of one trial, and its answers, as the log grows. */
class Product {
  private readonly events: readonly Fact[];
  private taken = 0;
  private readonly trial = new Documents<Trial>(trialsProjection);
  private readonly participants = new Documents<ParticipantFacts>(participantsProjection);
  private readonly fidelity = new Documents<SiteAssessments>(fidelityProjection);
  private state: TrialState | undefined;

  constructor({ trial, register }: PastScene) {
    const delivered: readonly Fact[] = eventsOf(trial);
    const registered = registrationsOf(trial, register).map((event): Fact => ({ ...delivered[0]!, ...event }));
    // The register first where both have one time.
    this.events = [...registered, ...delivered].sort((a, b) => a.recordedAt - b.recordedAt);
  }

  /** Takes in what was recorded up to a time. */
  takeUntil(time: number): void {
    for (; this.taken < this.events.length && this.events[this.taken]!.recordedAt <= time; this.taken++) {
      for (const documents of [this.trial, this.participants, this.fidelity]) documents.take(this.events[this.taken]!);
    }
    const [trial] = this.trial.changed().values();
    const position = BigInt(this.taken);
    const [participants, fidelity] = [this.participants.changed(), this.fidelity.changed()];
    if (trial?.kind === 'registered' && !this.state) {
      const whole = { participants: this.participants.all(), fidelity: this.fidelity.all() };
      this.state = new TrialState({ position, trial, ...whole });
    } else {
      const changed = trial?.kind === 'registered' ? trial : undefined;
      this.state?.take({ position, trial: changed, participants, fidelity });
    }
  }

  get known(): TrialState | undefined {
    return this.state;
  }

  sight(as: Viewer): TrialSight {
    return new TrialSight(this.state!, as);
  }
}

/** Documents as the store keeps them: as text, so that nobody shares an object with the fold. */
class Documents<Document> {
  private readonly held = new Map<string, Document>();
  private readonly touched = new Set<string>();

  constructor(private readonly projection: Projection<Document>) {}

  take(event: Fact): void {
    if (!this.projection.eventTypes.includes(event.type)) return;
    const { id } = this.projection.keyOf(event)!;
    this.held.set(id, this.projection.evolve(this.held.get(id), event));
    this.touched.add(id);
  }

  changed(): ReadonlyMap<string, Document> {
    const changed = [...this.touched].map((id): [string, Document] => [id, structuredClone(this.held.get(id)!)]);
    this.touched.clear();
    return new Map(changed);
  }

  all(): ReadonlyMap<string, Document> {
    return structuredClone(this.held);
  }
}

/** Everything that is told of a past moment, but for the position in the log. @param now any time after it */
function told(product: Product, as: Viewer, { asOf, knownAt }: Moment, now: number): string {
  const sight = product.sight(as);
  const roster = rosterAt(rosterFor(as, sight.roster), knownAt);
  const answers = ['table', 'text', 'own'].map((id) => {
    const definition = sight.definition(id, knownAt);
    if (!definition) return null;
    const { position: _, ...table } = sight.engagement(definition, { asOf, knownAt }, now);
    return {
      table,
      benchmark: sight.benchmark(definition, { asOf, knownAt, now }),
      association: as === manager ? sight.association(definition, { asOf, knownAt }) : null,
      participants: sight
        .participants(definition, { asOf, knownAt }, { site: undefined, status: undefined })
        .map((one) => [one.id, one.site, one.status, one.engagedAt, one.dischargedAt, one.windowClosesAt, one.arm()]),
    };
  });
  return JSON.stringify([roster ?? null, answers, product.known!.neutralTime(knownAt)]);
}

const ownInWords: OracleDefinition = (contacts) => contacts.some(({ setting }) => setting === 'ward');

const asTable = ({ overall, sites }: ReturnType<TrialSight['engagement']>): EngagementTable => ({
  overall,
  sites: sites.map(({ site, counts }) => ({ site: site.id, counts })),
  validUntil: undefined,
});

function expectAsCounted(scene: PastScene, product: Product, { asOf, knownAt }: Moment, now: number): void {
  const { trial, register } = scene;
  const sight = product.sight(manager);
  const known = registerKnownAt(register, knownAt);
  const then = trialKnownAt(trial, register, knownAt);

  const roster = rosterAt(rosterFor(manager, sight.roster), knownAt);
  expect([roster?.protocols.at(-1)!.version ?? 0, roster?.sites.map(({ site }) => site) ?? []]).toEqual([
    known.version,
    known.sites,
  ]);
  expect(roster?.workers.map(({ worker }) => worker) ?? []).toEqual(known.workers);
  expect(product.known!.neutralTime(knownAt)).toBe(neutralTimeKnownAt(trial, register, knownAt));
  expect(sight.definition('own', knownAt) !== undefined).toBe(known.ownDefinition);

  for (const [id, inWords] of [
    ['table', definitions.table] as const,
    ['text', definitions.text] as const,
    ['own', ownInWords] as const,
  ]) {
    const definition = sight.definition(id, knownAt);
    if (!definition) continue;
    const rows = oracleTable(then, inWords, asOf, knownAt);
    const answer = sight.engagement(definition, { asOf, knownAt }, now);
    expectSameTable(asTable(answer), rows);

    const scores = new Map(then.sites.map((site) => [site, oracleFidelity(then, site, asOf, knownAt)]));
    for (const row of answer.sites) near(row.fidelity, scores.get(row.site.id)!);
    const points = rows.filter((row) => row.site !== 'all' && row.withData > 0 && scores.get(row.site) !== null);
    const association = sight.association(definition, { asOf, knownAt });
    expect(association.points.map(({ site }) => site.id)).toEqual(points.map(({ site }) => site));
    for (const [index, point] of association.points.entries()) {
      near(point.fidelity, scores.get(points[index]!.site)!);
      near(point.engagement, points[index]!.pctOfWithData);
    }
    const [x, y] = [points.map(({ site }) => scores.get(site)!), points.map((row) => row.pctOfWithData!)];
    // Of degenerate ones the textbook divides by nothing.
    if (points.length > 2 && new Set(x).size > 1 && new Set(y).size > 1) {
      const { pearson, slope } = oracleAssociation(x, y);
      near(association.pearson, pearson);
      near(association.slope, slope);
    }

    const listed = sight.participants(definition, { asOf, knownAt }, { site: undefined, status: undefined });
    const wanted = then.participants.flatMap((participant) => {
      const site = siteKnownAt(participant, knownAt);
      if (site === undefined || !then.sites.includes(site) || !hadCome(participant, asOf, knownAt)) return [];
      const { status, engagedAt = null } = oracleStatus(then, participant, inWords, asOf, knownAt);
      return [[participant.id, site, status, engagedAt]];
    });
    expect(listed.map((one) => [one.id, one.site.id, one.status, one.engagedAt])).toEqual(wanted);
  }
}

/** Referred or randomised by then, as far as it was known. */
const hadCome = (
  { referral, randomisations }: PastScene['trial']['participants'][number],
  asOf: number,
  knownAt: number,
): boolean =>
  [referral, ...randomisations]
    .flatMap((record) => versionsOf<Recorded>(record))
    .some(({ at, recordedAt, voidedAt = Infinity }) => at <= asOf && recordedAt <= knownAt && !(voidedAt <= knownAt));

/** Both would be pages: what is shown begins shortly before they differ. */
function expectSameBytes(seen: string, before: string, asked: string): void {
  if (seen === before) return;
  let differs = 0;
  while (seen[differs] === before[differs]) differs++;
  const shown = (text: string): string => text.slice(Math.max(0, differs - 100), differs + 100);
  expect([asked, shown(seen)]).toEqual([asked, shown(before)]);
}

const near = (seen: number | null, wanted: number | null): void =>
  wanted === null ? expect(seen).toBeNull() : expect(seen).toBeCloseTo(wanted, 6);

describe('any small trial whose register grows', () => {
  it('is answered at every moment as counting from what had been recorded by then gives', () => {
    fc.assert(
      fc.property(pastScene, (scene) => {
        const product = new Product(scene);
        const end = timesOfRecord(scene.trial, scene.register).at(-1)!;
        product.takeUntil(end);
        for (const moment of scene.moments) expectAsCounted(scene, product, moment, end + 1);
      }),
      runs,
    );
  });

  it('answers what was asked of a past time with the same bytes, however much is recorded later', () => {
    fc.assert(
      fc.property(pastScene, (scene) => {
        const { trial, register, moments, steps } = scene;
        const times = timesOfRecord(trial, register);
        const product = new Product(scene);
        const first = new Map<string, string>();
        for (const step of [...new Set([...steps, times.length])].sort((a, b) => a - b)) {
          const until = times[step - 1] ?? -Infinity;
          const next = times[step] ?? Infinity;
          product.takeUntil(until);
          if (!product.known) continue;
          for (const moment of moments.filter(({ knownAt }) => knownAt < next)) {
            for (const [name, as] of Object.entries({ manager, coordinator })) {
              const now = Math.max(until, moment.knownAt + 1);
              // What is shown live lies between, and leaves its traces in what is kept.
              const sight = product.sight(as);
              sight.engagement(sight.definition('table')!, {}, now);
              const key = JSON.stringify([name, moment]);
              const answer = told(product, as, moment, now);
              expectSameBytes(answer, first.get(key) ?? answer, key);
              first.set(key, answer);
            }
          }
        }
        expect(first.size).toBeGreaterThan(0);
      }),
      runs,
    );
  });

  it('shows live what it shows of all that is recorded', () => {
    fc.assert(
      fc.property(pastScene, (scene) => {
        const product = new Product(scene);
        const end = timesOfRecord(scene.trial, scene.register).at(-1)!;
        product.takeUntil(end);
        const sight = product.sight(manager);
        for (const { asOf } of scene.moments) {
          const definition = sight.definition('table')!;
          expect(asTable(sight.engagement(definition, {}, asOf))).toEqual(
            asTable(sight.engagement(definition, { asOf, knownAt: end }, asOf)),
          );
          expect(sight.association(definition, present(asOf))).toEqual(
            sight.association(definition, { asOf, knownAt: end }),
          );
        }
      }),
      runs,
    );
  });
});
