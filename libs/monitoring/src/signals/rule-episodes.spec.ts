import { describe, expect, it } from '@jest/globals';
import type { DeliveryEvent } from '@cairn/delivery/events';
import { type Fact, formatInstant, type Instant, parseInstant } from '@cairn/event-sourcing';
import { Protocol } from '@cairn/registry/protocol';
import { type Condition, type Happening, SignalRule } from '@cairn/signals/rule';
import fc from 'fast-check';
import type { TrialRegister } from '../trial-register.js';
import type { Episode } from './episode.js';
import { GrowingFacts } from './growing-facts.js';
import { ruleEpisodes } from './rule-episodes.js';
import { trialFacts, type TrialFacts } from './trial-facts.js';

/*
 * Small trials by chance around the turn of a clock, on a coarse grid of times, so that much happens at the same instant
 * or at the edges of days, with everything corrected now and then; and rules by chance, of all that can be written down.
 */

const HOUR = 3_600_000;
const zones = [
  ['Europe/London', '2017-10-29T00:00:00Z'],
  ['America/Sao_Paulo', '2017-10-15T03:00:00Z'],
  ['America/Havana', '2023-11-05T04:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
] as const;

const uuid = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

interface Drawn {
  readonly type: string;
  readonly unit: string;
  readonly data: object;
  /** From the turn of the clock. */
  readonly after: number;
  readonly correction: { readonly kind: 'void' | 'amend'; readonly after: number } | undefined;
  /** Its place in the log. */
  readonly order: number;
}

const time = fc.oneof(
  fc.integer({ min: -240, max: 240 }).map((steps) => steps * 6 * HOUR),
  fc.integer({ min: -40, max: 40 }).map((days) => days * 24 * HOUR - 1),
);
const correction = fc.option(fc.record({ kind: fc.constantFrom('void' as const, 'amend' as const), after: time }), {
  nil: undefined,
  freq: 5,
});
const record = (type: string, unit: string, data: fc.Arbitrary<object>): fc.Arbitrary<Drawn> =>
  fc.record({ type: fc.constant(type), unit: fc.constant(unit), data, after: time, correction, order: fc.nat(1_000) });

const contact = fc.record({
  worker: fc.constant('W1'),
  contact: fc.constant('C1'),
  mode: fc.constantFrom('face_to_face', 'telephone'),
  outcome: fc.constantFrom('attended', 'attended', 'on_leave'),
});
const participant = (unit: string): fc.Arbitrary<readonly Drawn[]> => {
  const some = (type: string, data: fc.Arbitrary<object>, most: number, least = 0) =>
    fc.array(record(type, unit, data), { minLength: least, maxLength: most });
  return fc
    .tuple(
      some('ParticipantReferred', fc.record({ site: fc.constantFrom('S1', 'S1', 'S2', 'S9') }), 2, 1),
      some('ParticipantRandomised', fc.record({ arm: fc.constantFrom('support', 'support', 'usual') }), 2, 1),
      some('WorkerAllocated', fc.constant({ worker: 'W1' }), 2),
      some('ParticipantDischarged', fc.constant({}), 2),
      some('CommunityMeetingRecorded', contact, 6),
      some('WardContactRecorded', contact, 2),
      some('FollowUpRecorded', fc.constant({}), 2),
      some('ParticipantReadmitted', fc.constant({}), 1),
      some('ParticipantWithdrawn', fc.record({ scope: fc.constantFrom('intervention', 'follow_up', 'data_use') }), 1),
    )
    .map((lists) => lists.flat());
};
const site = (unit: string): fc.Arbitrary<readonly Drawn[]> =>
  fc
    .tuple(
      fc.array(record('SupervisionHeld', unit, fc.record({ kind: fc.constantFrom('group', 'group', 'individual') })), {
        maxLength: 6,
      }),
      fc.array(record('TeamPreparationHeld', unit, fc.constant({})), { maxLength: 2 }),
    )
    .map((lists) => lists.flat());

interface Trial {
  readonly register: TrialRegister;
  readonly recruitmentTo: string | undefined;
  readonly events: readonly Fact<DeliveryEvent>[];
}

const trials: fc.Arbitrary<Trial> = fc
  .record({
    zone: fc.constantFrom(...zones),
    weeks: fc.integer({ min: 1, max: 8 }),
    opened: fc.array(fc.option(fc.integer({ min: -60, max: 10 }), { nil: undefined, freq: 4 }), {
      minLength: 2,
      maxLength: 2,
    }),
    recruited: fc.option(fc.integer({ min: -50, max: 10 }), { nil: undefined, freq: 3 }),
    drawn: fc.tuple(...['P1', 'P2', 'P3'].map(participant), ...['S1', 'S2'].map(site)).map((lists) => lists.flat()),
  })
  .map(({ zone: [timeZone, turnText], weeks, opened, recruited, drawn }) => {
    const turn = parseInstant(turnText)!;
    const day = (after: number | undefined): string | undefined =>
      after === undefined ? undefined : formatInstant(turn + after * 24 * HOUR).slice(0, 10);
    const protocol = Protocol.parse({
      arms: [
        { id: 'support', intervention: true },
        { id: 'usual', intervention: false },
      ],
      interventionWindow: { weeksAfterDischarge: weeks },
    });
    return {
      register: {
        timeZone,
        protocols: [{ version: 1, occurredAt: 0, protocol }],
        sites: ['S1', 'S2'].map((name, index) => ({ site: name, openedOn: day(opened[index]) })),
        workers: [{ worker: 'W1', site: 'S1', role: 'peer_worker' as const }],
      },
      recruitmentTo: day(recruited),
      events: logOf(drawn, turn),
    };
  });

/** Everything drawn, in the order drawn, each correction somewhere after what it corrects. */
function logOf(drawn: readonly Drawn[], turn: Instant): readonly Fact<DeliveryEvent>[] {
  const entries = drawn.flatMap(({ type, unit, data, after, correction: corrected, order }, index) => {
    const [id, strike] = [uuid(2 * index), uuid(2 * index + 1)];
    const ofSite = unit.startsWith('S');
    const who = { trial: 'trial', [ofSite ? 'site' : 'participant']: unit };
    const all = { ...who, ...data };
    const first = { order, event: { id, type, occurredAt: turn + after, data: all } };
    if (!corrected) return [first];
    const name = `${ofSite ? 'SiteRecord' : 'ParticipantRecord'}${corrected.kind === 'void' ? 'Voided' : 'Amended'}`;
    const amended = { type, occurredAt: formatInstant(turn + corrected.after), data: all };
    const struck = { ...who, event: id, reason: 'in error', ...(corrected.kind === 'amend' && { record: amended }) };
    return [first, { order: order + 300, event: { id: strike, type: name, occurredAt: turn, data: struck } }];
  });
  return entries
    .sort((a, b) => a.order - b.order)
    .map(({ event }, index) => ({
      ...event,
      position: BigInt(index + 1),
      recordedAt: turn,
    })) as unknown as readonly Fact<DeliveryEvent>[];
}

const ofParticipants: readonly Happening[] = [
  { what: 'referral' },
  { what: 'randomisation' },
  { what: 'allocation' },
  { what: 'contact' },
  { what: 'contact', settings: ['community'] },
  { what: 'contact', modes: ['telephone'], outcomes: ['attended', 'on_leave'] },
  { what: 'discharge' },
  { what: 'readmission' },
  { what: 'follow_up' },
];
const ofSites: readonly Happening[] = [
  { what: 'opening' },
  { what: 'supervision' },
  { what: 'supervision', kinds: ['group'] },
  { what: 'team_preparation' },
];
const cohorts = ['referred', 'randomised', 'offered', 'with_data', undefined] as const;
const conditionOf = (
  happenings: readonly Happening[],
  of: readonly (typeof cohorts)[number][],
  during: readonly ('window' | 'delivery' | undefined)[],
): fc.Arbitrary<Condition> => {
  const happening = fc.constantFrom(...happenings);
  const limits = { of: fc.constantFrom(...of), during: fc.constantFrom(...during) };
  return fc.oneof(
    fc.record({
      kind: fc.constant('absence' as const),
      after: fc.array(happening, { minLength: 1, maxLength: 3 }),
      expected: happening,
      withinDays: fc.integer({ min: 0, max: 20 }),
      ...limits,
    }),
    fc.record({ kind: fc.constant('sequence' as const), before: happening, missing: happening, ...limits }),
  );
};
const rules = fc
  .oneof(
    conditionOf(ofParticipants, cohorts, ['window', undefined]),
    conditionOf(ofSites, [undefined], ['delivery', undefined]),
  )
  .map((condition) => SignalRule.parse({ rule: 'rule', title: 'Rule', severity: 'notice', condition }));

const nameOf = ({ subject: { kind, id }, cause }: Episode): string => `${kind} ${id} ${cause}`;
const ofSubject = (episodes: readonly Episode[], kind: string, ids: ReadonlySet<string>, inside: boolean) =>
  episodes.filter(({ subject }) => subject.kind === kind && ids.has(subject.id) === inside);

describe('the episodes of a rule', () => {
  it('that began before an instant follow from what had occurred before it', () => {
    fc.assert(
      fc.property(trials, rules, time, (trial, rule, after) => {
        const facts = trialFacts(trial);
        const episodes = ruleEpisodes(rule, facts);
        const turns = episodes.flatMap(({ from, until }) => [from, from + 1, until ?? from]);
        const turn = trial.events[0]!.recordedAt;
        for (const instant of [turn + after, ...turns]) {
          const past = (of: TrialFacts) =>
            ruleEpisodes(rule, of)
              .filter(({ from }) => from < instant)
              .map(({ subject, site: at, cause, from, until = Infinity, end }) => {
                return { subject, at, cause, from, over: until < instant && [until, end] };
              });
          expect(past(before(facts, instant))).toEqual(past(facts));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('have a beginning before their end, one cause each, and an order', () => {
    fc.assert(
      fc.property(trials, rules, (trial, rule) => {
        const episodes = ruleEpisodes(rule, trialFacts(trial));
        expect(new Set(episodes.map(nameOf)).size).toBe(episodes.length);
        for (const { from, until = Infinity, end } of episodes) {
          expect(from).toBeLessThan(until);
          expect(end === undefined).toBe(until === Infinity);
        }
        const inOrder = episodes.map((each) => [each.from, nameOf(each)] as const);
        expect(inOrder).toEqual(inOrder.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1)));
      }),
      { numRuns: 150 },
    );
  });

  it('are the same of some as of all', () => {
    fc.assert(
      fc.property(trials, rules, fc.subarray(['P1', 'P2', 'P3', 'S1', 'S2']), (trial, rule, names) => {
        const facts = trialFacts(trial);
        const only = { participants: new Set(names), sites: new Set(names) };
        const expected = ruleEpisodes(rule, facts).filter(({ subject }) => names.includes(subject.id));
        expect(ruleEpisodes(rule, facts, only)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('change only for those who are touched, and grow into those of the whole log', () => {
    fc.assert(
      fc.property(trials, rules, (trial, rule) => {
        const growing = new GrowingFacts(trial.register, trial.recruitmentTo);
        let known = ruleEpisodes(rule, growing);
        for (const [index, event] of trial.events.entries()) {
          growing.add(event);
          const { participants, sites } = growing.takeTouched();
          const next = ruleEpisodes(rule, growing);
          for (const [kind, touched] of [
            ['participant', participants],
            ['site', sites],
          ] as const) {
            expect(ofSubject(next, kind, touched, false)).toEqual(ofSubject(known, kind, touched, false));
          }
          known = next;
          if (index % 5 === 0 || index === trial.events.length - 1) {
            const events = trial.events.slice(0, index + 1);
            expect(known).toEqual(ruleEpisodes(rule, trialFacts({ ...trial, events })));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keep their causes when a record is amended to say the same', () => {
    fc.assert(
      fc.property(trials, rules, (trial, rule) => {
        const records = trial.events.filter(({ type }) => !/Voided|Amended/.test(type));
        const amendments = records.map((event, index) => {
          const { trial: _, ...who } = event.data as { trial: string; participant?: string; site?: string };
          const name = who.participant === undefined ? 'SiteRecordAmended' : 'ParticipantRecordAmended';
          const version = { type: event.type, occurredAt: formatInstant(event.occurredAt), data: event.data };
          const data = { ...who, trial: 'trial', event: event.id, reason: 'the same', record: version };
          return { ...event, id: uuid(10_000 + index), type: name, data };
        });
        const shortOf = (events: readonly unknown[]) =>
          ruleEpisodes(rule, trialFacts({ ...trial, events: events as readonly Fact<DeliveryEvent>[] })).map(
            ({ events: _, ...episode }) => episode,
          );
        expect(shortOf([...records, ...amendments])).toEqual(shortOf(records));
      }),
      { numRuns: 60 },
    );
  });
});

/** What had occurred before an instant. */
const before = (facts: TrialFacts, instant: Instant): TrialFacts => ({
  ...facts,
  units: new Map(
    [...facts.units].map(([name, { kind, id, versions }]) => [
      name,
      { kind, id, versions: versions.filter(({ occurredAt }) => occurredAt < instant) },
    ]),
  ),
});
