import { type Assignment, Viewer } from '@cairn/access';
import { type ParticipantFact, type ParticipantFacts, tableDefinition } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';
import fc from 'fast-check';
import { neutralTime } from './neutral-time.js';
import { TrialSight } from './trial-sight.js';
import { TrialState } from './trial-state.js';

const SITES = ['S1', 'S2', 'S3'];
const WORKERS = SITES.flatMap((site) => [`${site}-A`, `${site}-B`]);

const roster: TrialRoster = {
  kind: 'registered',
  trial: 'T',
  title: 'T',
  timeZone: 'UTC',
  protocols: [
    {
      version: 1,
      occurredAt: 0,
      recordedAt: 5,
      protocol: {
        arms: [
          { id: 'support', intervention: true },
          { id: 'usual', intervention: false },
        ],
        strata: [],
        interventionWindow: { weeksAfterDischarge: 1 },
        engagementDefinitions: [],
      },
    },
  ],
  sites: SITES.map((site) => ({
    site,
    name: site,
    employerKind: 'NHS',
    employerName: 'Trust',
    hostOrganisation: 'Trust',
    localities: [],
  })),
  workers: WORKERS.map((worker) => ({ worker, site: worker.slice(0, 2), role: 'peer_worker' })),
};

const at = fc.integer({ min: 0, max: 1_000 });
/** In any order of times, voided or not: more than the rules would let happen. */
const fact: fc.Arbitrary<ParticipantFact> = fc
  .tuple(
    fc.oneof(
      fc.record({ kind: fc.constant('randomised' as const), arm: fc.constantFrom('support', 'usual') }),
      fc.record({ kind: fc.constant('allocated' as const), worker: fc.constantFrom(...WORKERS) }),
      fc.record({ kind: fc.constant('discharged' as const) }),
      fc.record({
        kind: fc.constant('withdrawn' as const),
        scope: fc.constantFrom('intervention' as const, 'follow_up' as const, 'data_use' as const),
      }),
      fc.record({
        kind: fc.constant('contact' as const),
        setting: fc.constant('community' as const),
        mode: fc.constant('face_to_face' as const),
        outcome: fc.constant('attended' as const),
      }),
    ),
    at,
    at,
    fc.option(at, { nil: undefined }),
  )
  .map(([what, occurredAt, recordedAt, voidedAt]) => ({
    ...what,
    event: `${what.kind} ${occurredAt} ${recordedAt}`,
    occurredAt,
    recordedAt,
    ...(voidedAt !== undefined && { voidedAt }),
  }));

const participant: fc.Arbitrary<ParticipantFacts> = fc
  .record({ site: fc.constantFrom(...SITES), occurredAt: at, recordedAt: at, facts: fc.array(fact, { maxLength: 8 }) })
  .map(({ facts, ...referral }) => ({ facts: [{ kind: 'referred', event: 'referral', ...referral }, ...facts] }));

const trial = fc
  .array(participant, { maxLength: 12 })
  .map((all) => new Map(all.map((facts, n) => [`P${n}`, facts] as [string, ParticipantFacts])));

const stateOf = (participants: ReadonlyMap<string, ParticipantFacts>): TrialState =>
  new TrialState({ position: 99n, trial: roster, participants, fidelity: new Map() });

const viewer = (...held: readonly Partial<Assignment>[]): Viewer =>
  Viewer.of({
    tenant: 't',
    person: 'anna',
    name: 'Anna',
    assignments: held.map((role) => ({ assignment: 'a', person: 'anna', trial: 'T', role: 'trial_manager', ...role })),
    scopes: new Set(),
    validUntil: undefined,
  });
const manager = viewer({});
const coordinator = (site: string) => ({ role: 'site_coordinator', site }) as const;
const worker = (id: string) => ({ role: 'peer_worker', worker: id }) as const;

const moment = fc.record({ asOf: at, knownAt: fc.oneof(at, fc.constant(Infinity)) });
const NOW = 1_000;
const noFilter = { site: undefined, status: undefined };

it('a site’s table is the trial’s without the other sites', () => {
  fc.assert(
    fc.property(trial, moment, fc.subarray(SITES, { minLength: 1 }), (participants, when, sites) => {
      const state = stateOf(participants);
      const whole = new TrialSight(state, manager).engagement(tableDefinition, when, NOW);
      const part = new TrialSight(state, viewer(...sites.map(coordinator))).engagement(tableDefinition, when, NOW);
      expect(part.sites).toEqual(whole.sites.filter(({ site }) => sites.includes(site.id)));
      const sum = (count: (counts: (typeof part)['overall']) => number) =>
        part.sites.reduce((all, { counts }) => all + count(counts), 0);
      expect(part.overall.randomised).toBe(sum((counts) => counts.randomised));
      expect(part.overall.engaged).toBe(sum((counts) => counts.engaged));
      expect(part.overall.ofOffered.denominator).toBe(sum((counts) => counts.offered));
    }),
  );
});

it('tables that are kept for one group of sites are not given to another', () => {
  const state = stateOf(new Map());
  const rows = (...sites: readonly string[]) =>
    new TrialSight(state, viewer(...sites.map(coordinator)))
      .engagement(tableDefinition, {}, NOW)
      .sites.map(({ site }) => site.id);
  expect([rows('S1'), rows('S2', 'S1'), rows('S2'), rows('S1', 'S2')]).toEqual([
    ['S1'],
    ['S1', 'S2'],
    ['S2'],
    ['S1', 'S2'],
  ]);
});

it('participants are those of the sites and of the caseload, at the moment', () => {
  fc.assert(
    fc.property(trial, moment, fc.subarray(SITES), fc.subarray(WORKERS), (participants, when, sites, workers) => {
      const state = stateOf(participants);
      const held = [...sites.map(coordinator), ...workers.map(worker)];
      fc.pre(held.length > 0);
      const sight = new TrialSight(state, viewer(...held));
      const shown = sight.participants(tableDefinition, when, noFilter).map(({ id }) => id);
      const known = (one: ParticipantFact) =>
        one.occurredAt <= when.asOf && one.recordedAt <= when.knownAt && !(one.voidedAt! <= when.knownAt);
      const all = new TrialSight(state, manager).participants(tableDefinition, when, noFilter);
      const expected = all.filter(
        ({ id, site }) =>
          sites.includes(site.id) ||
          participants
            .get(id)!
            .facts.some((one) => one.kind === 'allocated' && workers.includes(one.worker) && known(one)),
      );
      expect(shown).toEqual(expected.map(({ id }) => id));
      for (const site of SITES) {
        const filtered = sight.participants(tableDefinition, when, { ...noFilter, site });
        expect(filtered.map(({ id }) => id)).toEqual(
          expected.filter((one) => one.site.id === site).map(({ id }) => id),
        );
      }
    }),
  );
});

it('a history is of the own sites and caseload, whatever it is filtered by', () => {
  fc.assert(
    fc.property(trial, fc.subarray(SITES), fc.subarray(WORKERS), (participants, sites, workers) => {
      const held = [...sites.map(coordinator), ...workers.map(worker)];
      fc.pre(held.length > 0);
      const sight = new TrialSight(stateOf(participants), viewer(...held));
      const own = sight.historyPart(undefined, undefined);
      if (own === 'all') throw new Error('a part was expected');
      expect(own.sites).toEqual(sites);
      for (const site of [...SITES, 'nowhere']) {
        const part = sight.historyPart(site, undefined);
        if (part === 'all') throw new Error('a part was expected');
        for (const kind of ['participants', 'sites', 'workers'] as const) {
          expect(part[kind].filter((id) => !own[kind].includes(id))).toEqual([]);
        }
        const entries = [{ site }, ...WORKERS.map((id) => ({ worker: id, site }))];
        for (const entry of entries) expect(!part.registered!(entry) || own.registered!(entry)).toBe(true);
      }
      for (const id of [...participants.keys(), 'nobody']) {
        const part = sight.historyPart(undefined, id);
        expect(part).toEqual({ participants: own.participants.includes(id) ? [id] : [], sites: [], workers: [] });
      }
    }),
  );
});

it.each([
  ['engagement', (sight: TrialSight) => sight.engagement(tableDefinition, {}, NOW)],
  [
    'status',
    (sight: TrialSight) =>
      sight.participants(tableDefinition, { asOf: 1, knownAt: 1 }, { ...noFilter, status: 'engaged' }),
  ],
  ['history', (sight: TrialSight) => sight.historyPart(undefined, undefined)],
  ['fidelity', (sight: TrialSight) => sight.association(tableDefinition, { asOf: 1, knownAt: 1 })],
  ['benchmark', (sight: TrialSight) => sight.benchmark(tableDefinition, { now: NOW })],
])('what is sealed is not in the sight at all: %s', (_case, look) => {
  const sight = new TrialSight(stateOf(new Map()), viewer({ role: 'blinded_outcome_assessor' }));
  expect(() => look(sight)).toThrow(
    expect.objectContaining({ extensions: expect.objectContaining({ reason: 'BLINDED' }) }),
  );
});

it('the time that blinded viewers are told does not move with what only one arm has', () => {
  fc.assert(
    fc.property(trial, (participants) => {
      const isNeutral = (one: ParticipantFact) =>
        one.kind !== 'contact' &&
        one.kind !== 'allocated' &&
        !(one.kind === 'withdrawn' && one.scope === 'intervention');
      const neutral = [...participants.values()].map(({ facts }) => ({ facts: facts.filter(isNeutral) }));
      const blinded = new TrialSight(stateOf(participants), viewer({ role: 'blinded_outcome_assessor' }));
      expect(blinded.head).toBe(BigInt(neutralTime(roster, neutral)));
    }),
  );
  expect(new TrialSight(stateOf(new Map()), manager).head).toBe(99n);
});
