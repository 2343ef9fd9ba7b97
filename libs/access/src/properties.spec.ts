import {
  type Decider,
  type DomainEvent,
  EventCatalogue,
  eventId,
  formatInstant,
  type Identified,
} from '@cairn/event-sourcing';
import fc from 'fast-check';
import { PeopleCommand, UnblindingCommand } from './commands.js';
import { peopleDecider } from './decide-people.js';
import { unblindingDecider } from './decide-unblinding.js';
import { accessEventTypes } from './events.js';
import { nobodyYet, type People, viewerOf } from './people.js';
import { areas, type Area } from './policy.js';
import { isBlinded, Role, roles } from './roles.js';
import { type Assignment, type Reach, Viewer } from './viewer.js';

const catalogue = new EventCatalogue(accessEventTypes);
const now = Date.parse('2018-06-01T00:00:00Z');
const envelope = {
  tenant: 't',
  stream: 's',
  revision: 0,
  position: 1n,
  recordedAt: 0,
  actor: 'a',
  commandId: '00000000-0000-4000-8000-000000000000',
  correlationId: '00000000-0000-4000-8000-000000000000',
  causationId: '00000000-0000-4000-8000-000000000000',
  metadata: {},
};

const trials = ['one', 'two'] as const;
const optional = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined });
const person = fc.constantFrom('ann', 'bob', '__proto__');
const words = fc.constantFrom('because', 'two ünïcödé 🙂');
const id = fc.constantFrom('1', '2', '3', '4', '5', '6', 'constructor');
const role = fc.constantFrom(...Role.options);

/** Roles as they may be asked for, most of them with what they need. */
const assignment = fc
  .record({
    assignment: id,
    person,
    role,
    trial: optional(fc.constantFrom(...trials)),
    site: fc.constantFrom('S1', 'S2'),
    worker: fc.constantFrom('W1', 'W2'),
    until: optional(fc.integer({ min: -1, max: 2 }).map((ms) => formatInstant(now + ms))),
    odd: fc.nat({ max: 9 }).map((dice) => dice === 0),
  })
  .map(({ odd, site, worker, trial, until, ...given }): Assignment => {
    const { reach, timeBoxed } = roles[given.role];
    const held = { ...given, ...(trial && { trial }), ...(until && { until }) };
    if (odd) return { ...held, site };
    return {
      ...given,
      ...(reach !== 'whole tenant' && trial && { trial }),
      ...((reach === 'site' || reach === 'worker') && { trial: trial ?? 'one' }),
      ...(reach === 'site' && { site }),
      ...(reach === 'worker' && { worker }),
      ...(until ? { until } : timeBoxed && { until: formatInstant(now + 1) }),
    };
  });

const peopleCommand: fc.Arbitrary<PeopleCommand> = fc.oneof(
  fc.record({ type: fc.constant('registerPerson' as const), person, name: words }),
  { weight: 4, arbitrary: assignment.map((data) => ({ type: 'assignRole' as const, ...data })) },
  fc.record({ type: fc.constant('revokeRole' as const), assignment: id, reason: words }),
);
const asked = { request: id, trial: fc.constant('one'), participant: fc.constant('P1') };
const unblindingCommand: fc.Arbitrary<UnblindingCommand> = fc.oneof(
  fc.record({ type: fc.constant('requestUnblinding' as const), ...asked, reason: words }),
  fc.record({ type: fc.constant('approveUnblinding' as const), ...asked }),
  fc.record({ type: fc.constant('denyUnblinding' as const), ...asked, reason: words }),
);
const given = <Command>(command: fc.Arbitrary<Command>) => fc.array(fc.tuple(command, person), { maxLength: 40 });

/** What must hold after every command of any sequence, whoever gives it. */
function checkSequence<Command, E extends DomainEvent, State>(
  decider: Decider<Command, E, State, { now: number; actor: string }>,
  shape: { parse(command: unknown): unknown },
  sequence: readonly (readonly [Command, string])[],
): State {
  const log: E[] = [];
  let state = decider.initial;
  for (const [command, actor] of sequence) {
    expect(shape.parse(command)).toEqual(command);
    const decision = decider.decide(command, state, { now, actor });
    if (decision.kind === 'refused') continue;
    log.push(...decision.events);
    for (const event of decision.events) state = decider.evolve(state, event as unknown as Identified<E>);
    expect(decider.decide(command, state, { now, actor })).toEqual({ kind: 'accepted', events: [] });
  }
  const stored = log.map((event, index) =>
    catalogue.decode({ ...catalogue.encode(event), ...envelope, id: eventId(envelope.commandId, index) }),
  );
  const replayed = stored.reduce(
    (folded, fact) => decider.evolve(folded, fact as unknown as Identified<E>),
    decider.initial,
  );
  expect(replayed).toEqual(state);
  return state;
}

describe('any sequence of commands can be replayed from what was stored, and repeats nothing', () => {
  it('of people', () => {
    fc.assert(
      fc.property(given(peopleCommand), (sequence) => void checkSequence(peopleDecider, PeopleCommand, sequence)),
    );
  });
  it('of unblinding, which never lets anybody decide alone', () => {
    fc.assert(
      fc.property(given(unblindingCommand), (sequence) => {
        for (const each of checkSequence(unblindingDecider, UnblindingCommand, sequence)) {
          if (each.kind !== 'requested') expect(each.decidedBy).not.toBe(each.person);
        }
      }),
    );
  });
});

/** The people that these commands lead to, refused ones among them. */
const peopleAfter = (sequence: readonly PeopleCommand[]): People =>
  [
    ...['ann', 'bob', '__proto__'].map((each) => ({ type: 'registerPerson', person: each, name: each }) as const),
    ...sequence,
  ].reduce((state, command) => {
    const decision = peopleDecider.decide(command, state, { now, actor: 'ann' });
    return decision.kind === 'refused'
      ? state
      : decision.events.reduce((folded, event) => peopleDecider.evolve(folded, { ...event, id: '' }), state);
  }, nobodyYet);
const people = fc.array(peopleCommand, { maxLength: 40 }).map(peopleAfter);
const asking = (who: string) => ({ tenant: 't', person: who, name: who, scopes: new Set<never>() });
const viewer = fc.tuple(people, person).map(([state, who]) => viewerOf(state, asking(who), now));
const holding = (
  { tenant, person: who, name, scopes, validUntil }: Viewer,
  assignments: readonly Assignment[],
): Viewer => Viewer.of({ tenant, person: who, name, scopes, validUntil, assignments });

const everyArea = Object.keys(areas) as readonly Area[];
const tellsArms: readonly Area[] = [
  'engagement',
  'fidelity',
  'engagementStatus',
  'allocation',
  'history',
  'benchmark',
  'readModels',
];

const isSubset = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  [...one].every((each) => other.has(each));
function reachesNoFurther(one: Reach, other: Reach): boolean {
  if (one.kind === 'sealed' || other.kind === 'whole') return true;
  return (
    one.kind === 'part' &&
    other.kind === 'part' &&
    isSubset(one.sites, other.sites) &&
    isSubset(one.workers, other.workers)
  );
}

describe('whatever roles were given', () => {
  it('who loses one sees nothing more', () => {
    fc.assert(
      fc.property(viewer, fc.nat({ max: 9 }), fc.constantFrom(...trials), (all, dropped, trial) => {
        const fewer = holding(all, all.assignments.toSpliced(dropped % Math.max(1, all.assignments.length), 1));
        for (const area of everyArea) {
          expect(reachesNoFurther(fewer.reach(area, trial), all.reach(area, trial))).toBe(true);
        }
      }),
    );
  });

  it('who is blinded in a trial sees nothing of it that tells arms', () => {
    fc.assert(
      fc.property(viewer, fc.constantFrom(...trials), (who, trial) => {
        fc.pre(who.isBlindedIn(trial));
        for (const area of tellsArms) expect(who.reach(area, trial).kind).toBe('sealed');
        if (who.isBlindedIn('yet to come')) {
          for (const area of tellsArms) expect(who.seesInTenant(area)).toBe(false);
        }
      }),
    );
  });

  it('who is blinded somewhere is told no positions of the log', () => {
    fc.assert(
      fc.property(viewer, (who) => {
        const seen = [...trials, 'yet to come'].filter((trial) => who.seesTrial(trial));
        expect(who.isBlindedSomewhere).toBe(seen.some((trial) => who.isBlindedIn(trial)));
        expect(who.knowsPositions).toBe(seen.length > 0 && !who.isBlindedSomewhere);
      }),
    );
  });

  it('nobody assesses outcomes blind beside a role that knows arms', () => {
    // One person, and roles that meet more often than they do above.
    const roleOfAnn = fc.tuple(assignment, fc.constantFrom('blinded_outcome_assessor', 'auditor', undefined));
    const rolesOfAnn = fc.array(roleOfAnn, { minLength: 2 }).map((all) =>
      all.map(([{ site: _s, worker: _w, ...given }, other], index): PeopleCommand => {
        const held = other === undefined ? given : { ...given, role: other };
        return { type: 'assignRole', ...held, assignment: String(index), person: 'ann' };
      }),
    );
    fc.assert(
      fc.property(rolesOfAnn, fc.constantFrom(...trials), (commands, trial) => {
        const { assignments } = viewerOf(peopleAfter(commands), asking('ann'), now);
        const held = assignments.filter((each) => each.trial === undefined || each.trial === trial);
        const staysBlind = held.some((each) => roles[each.role].staysBlind);
        expect(staysBlind && held.some((each) => !isBlinded(each.role))).toBe(false);
      }),
    );
  });

  it('a role that has ended gives nothing, and until then nothing changes', () => {
    fc.assert(
      fc.property(people, person, fc.integer({ min: 0, max: 3 }), (state, who, later) => {
        const at = now + later;
        const lasting = state.assignments.filter(({ until }) => until === undefined || Date.parse(until) > at);
        const then = viewerOf(state, asking(who), at);
        expect(then).toEqual(viewerOf({ ...state, assignments: lasting }, asking(who), at));
        if (then.validUntil !== undefined) {
          expect(viewerOf(state, asking(who), then.validUntil - 1)).toEqual(then);
          expect(viewerOf(state, asking(who), then.validUntil).assignments.length).toBeLessThan(
            then.assignments.length,
          );
        }
      }),
    );
  });
});
