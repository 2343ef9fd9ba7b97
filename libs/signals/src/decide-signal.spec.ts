import type { Instant } from '@cairn/event-sourcing';
import { givenEventId, specFor } from '@cairn/event-sourcing/spec';
import fc from 'fast-check';
import type { SignalCommand, WatchCommand } from './commands.js';
import { signalDecider } from './decide-signal.js';
import { SignalOutcome, type SignalEvent } from './events.js';
import type { Severity } from './rule.js';
import type { Signal } from './signal.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const from = Date.parse('2018-05-20T00:00:00Z');
const later = '2018-06-08T00:00:00Z';
const { given } = specFor(signalDecider, { now, assigneeIsKnown: true });

const signal = '6f9619ff-8b86-5011-b42d-00c04fc964ff';
const about = {
  trial: 't',
  signal,
  site: 'S1',
  participant: 'P1',
  rule: 'meeting_gap',
  subject: { kind: 'participant' as const, id: 'P1' },
  audience: 'delivery' as const,
};
const of = { ...about, severity: 'warning' as Severity };
const raising = { ...of, ruleVersion: 'default/1', cause: 'c', numbers: { days: 14 }, events: [] };
const ofAsked = { trial: 't', signal };

const raise = { type: 'raiseSignal', raising, from } as const;
const raised: SignalEvent = { type: 'SignalRaised', occurredAt: from, data: raising };
const over: SignalEvent = { type: 'SignalRaised', occurredAt: from, data: { ...raising, until: later } };
const clear = { type: 'clearSignal', why: 'cause_gone', at: now } as const;
const cleared: SignalEvent = { type: 'SignalCleared', occurredAt: now, data: { ...of, why: 'cause_gone' } };
const returned: SignalEvent = { type: 'SignalReturned', occurredAt: now, data: of };
const acknowledge = { type: 'acknowledgeSignal', ...ofAsked, note: 'looking' } as const;
const acknowledged: SignalEvent = { type: 'SignalAcknowledged', occurredAt: now, data: { ...of, note: 'looking' } };
const assign = { type: 'assignSignal', ...ofAsked, person: 'ann' } as const;
const assigned: SignalEvent = { type: 'SignalAssigned', occurredAt: now, data: { ...of, person: 'ann' } };
const snooze = { type: 'snoozeSignal', ...ofAsked, until: later } as const;
const snoozed: SignalEvent = { type: 'SignalSnoozed', occurredAt: now, data: { ...of, until: later } };
const woken: SignalEvent = { type: 'SignalWoken', occurredAt: Date.parse(later), data: of };
const escalate = { type: 'escalateSignal', ...ofAsked } as const;
const escalated: SignalEvent = { type: 'SignalEscalated', occurredAt: now, data: { ...about, severity: 'critical' } };
const resolve = { type: 'resolveSignal', ...ofAsked, outcome: 'true_problem' } as const;
const resolved: SignalEvent = { type: 'SignalResolved', occurredAt: now, data: { ...of, outcome: 'true_problem' } };
const record = { type: 'recordSignalOutcome', ...ofAsked, outcome: 'false_alarm' } as const;
const recorded: SignalEvent = {
  type: 'SignalOutcomeRecorded',
  occurredAt: now,
  data: { ...of, outcome: 'false_alarm' },
};

describe('what the watch finds', () => {
  it('is raised at the time from which it held', () => given().when(raise).then(raised));
  it('is raised once for one cause, whatever became of it', () => {
    given(raised).when(raise).then();
    given(raised, cleared).when(raise).then();
    given(raised, resolved).when(raise).then();
  });
  it('is cleared by itself, and returns', () => {
    given(raised).when(clear).then(cleared);
    given(raised, assigned).when(clear).then(cleared);
    given(raised, cleared).when(clear).then();
    given(raised, cleared).when({ type: 'returnSignal', at: now }).then(returned);
    given(raised, cleared, returned).when({ type: 'returnSignal', at: now }).then();
    given(raised, cleared, returned).when(clear).then(cleared);
  });
  it('was over before it was found: it stands no more', () => {
    const gone = {
      type: 'SignalCleared' as const,
      occurredAt: Date.parse(later),
      data: { ...of, why: 'over' as const },
    };
    given()
      .when({ ...raise, raising: { ...raising, until: later }, over: 'over' })
      .then(over, gone);
    given(over).when(clear).then();
    given(over).when(acknowledge).thenRefused('SIGNAL_RESOLVED', 'signal');
    given(over).when(record).then(recorded);
  });
  it('stays resolved that somebody resolved', () => {
    given(raised, resolved).when({ type: 'returnSignal', at: now }).then();
    given(raised, resolved).when(clear).then();
  });
  it('wakes at the end of its snooze, not before', () => {
    given(raised, snoozed).when({ type: 'wakeSignal' }).then();
    given(raised, snoozed)
      .when({ type: 'wakeSignal' }, { now: Date.parse(later) })
      .then(woken);
    given(raised)
      .when({ type: 'wakeSignal' }, { now: Date.parse(later) })
      .then();
  });
  it('is escalated while nobody looks at it, once', () => {
    const unattended = { type: 'escalateUnattended', to: 'critical', at: now } as const;
    given(raised).when(unattended).then(escalated);
    given(raised, escalated).when(unattended).then();
    given(raised, acknowledged).when(unattended).then();
    given(raised, snoozed).when(unattended).then();
  });
  it('of what was never raised is nothing', () => {
    for (const command of [clear, { type: 'returnSignal', at: now }, { type: 'wakeSignal' }] as const) {
      given().when(command).then();
    }
  });
});

describe('what people do', () => {
  it('is recorded as it is done', () => {
    given(raised).when(acknowledge).then(acknowledged);
    given(raised).when(assign).then(assigned);
    given(raised).when(snooze).then(snoozed);
    given(raised).when(escalate).then(escalated);
    given(raised).when(resolve).then(resolved);
    given(raised, cleared).when(record).then(recorded);
    given(raised, resolved).when(record).then(recorded);
  });
  it('done again adds nothing', () => {
    given(raised, acknowledged).when(acknowledge).then();
    given(raised, assigned).when(acknowledge).then();
    given(raised, assigned).when(assign).then();
    given(raised, snoozed).when(snooze).then();
    given(raised, resolved).when(resolve).then();
    given(raised, cleared, recorded).when(record).then();
  });
  it('ends a snooze when somebody looks at it after all', () => {
    given(raised, snoozed).when(acknowledge).then(acknowledged);
    given(raised, snoozed, acknowledged)
      .when({ type: 'wakeSignal' }, { now: Date.parse(later) })
      .then();
  });
  it('stands after a snooze as it did before', () => {
    given(raised, assigned, snoozed, woken).when(assign).then();
    given(raised, assigned, snoozed, { ...snoozed, occurredAt: now + 1 }, woken)
      .when(assign)
      .then();
  });
  it('is refused of what is not there', () => {
    for (const command of [acknowledge, assign, snooze, escalate, resolve, record]) {
      given().when(command).thenRefused('SIGNAL_UNKNOWN', 'signal');
    }
  });
  it('is refused of what is resolved', () => {
    for (const command of [acknowledge, assign, snooze, escalate, { ...resolve, outcome: 'data_problem' } as const]) {
      given(raised, resolved).when(command).thenRefused('SIGNAL_RESOLVED', 'signal');
    }
    given(raised, cleared).when(resolve).thenRefused('SIGNAL_RESOLVED', 'signal');
  });
  it('is refused that cannot be', () => {
    given(raised).when(record).thenRefused('SIGNAL_STANDS', 'signal');
    given(raised, escalated).when(escalate).thenRefused('SIGNAL_CRITICAL', 'signal');
    given(raised)
      .when({ ...snooze, until: '2018-06-01T12:00:00Z' })
      .thenRefused('SNOOZE_IN_PAST', 'until');
    given(raised).when(assign, { now }).thenRefused('ASSIGNEE_UNKNOWN', 'person');
  });
});

type Command = SignalCommand | WatchCommand;
const note = fc.option(fc.constant('seen'), { nil: undefined });
const outcome = fc.constantFrom(...SignalOutcome.options);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.constant<Command>(raise),
  fc.constant<Command>({ ...raise, raising: { ...raising, until: later } }),
  fc.constantFrom<Command>(clear, { type: 'returnSignal', at: now }, { type: 'wakeSignal' }),
  fc.constantFrom<Severity>('warning', 'critical').map((to): Command => ({ type: 'escalateUnattended', to, at: now })),
  note.map((said): Command => ({ type: 'acknowledgeSignal', ...ofAsked, note: said })),
  fc.constantFrom('ann', 'bob').map((person): Command => ({ type: 'assignSignal', ...ofAsked, person })),
  fc.constantFrom(later, '2018-06-03T00:00:00Z').map((until): Command => ({ type: 'snoozeSignal', ...ofAsked, until })),
  outcome.map((each): Command => ({ type: 'resolveSignal', ...ofAsked, outcome: each })),
  outcome.map((each): Command => ({ type: 'recordSignalOutcome', ...ofAsked, outcome: each })),
);

const evolve = (state: Signal, events: readonly SignalEvent[]): Signal =>
  events.reduce((folded, event, index) => signalDecider.evolve(folded, { ...event, id: givenEventId(index) }), state);

it('what was decided and is decided again leads to nothing, and a signal is raised once at the most', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(command, fc.nat(10))), (given) => {
      let state = signalDecider.initial;
      let time: Instant = now;
      let timesRaised = 0;
      for (const [each, days] of given) {
        time += days * 24 * 60 * 60 * 1_000;
        const world = { now: time, assigneeIsKnown: true };
        const decision = signalDecider.decide(each, state, world);
        if (decision.kind === 'refused') continue;
        state = evolve(state, decision.events);
        timesRaised += decision.events.filter(({ type }) => type === 'SignalRaised').length;
        expect(signalDecider.decide(each, state, world)).toEqual({ kind: 'accepted', events: [] });
      }
      expect(timesRaised).toBeLessThanOrEqual(1);
    }),
  );
});
