import type { Fact } from '@cairn/event-sourcing';
import type { SignalEvent } from './events.js';
import { signalStream } from './streams.js';

const id = (index: number): string => `00000000-0000-5000-8000-${String(index).padStart(12, '0')}`;

const of = {
  trial: 'trial',
  signal: id(99),
  site: 'site',
  participant: 'participant',
  rule: 'rule',
  subject: { kind: 'participant', id: 'participant' },
  severity: 'warning',
  audience: 'delivery',
} as const;

const events: readonly Pick<SignalEvent, 'type' | 'data'>[] = [
  {
    type: 'SignalRaised',
    data: {
      ...of,
      ruleVersion: 'default/1',
      cause: 'cause',
      until: '1970-01-02T00:00:00Z',
      numbers: { days: 14, since: '1970-01-01T00:00:00Z', last: null },
      events: [id(98)],
    },
  },
  { type: 'SignalReturned', data: of },
  { type: 'SignalAcknowledged', data: { ...of, note: 'note' } },
  { type: 'SignalAssigned', data: { ...of, person: 'person' } },
  { type: 'SignalSnoozed', data: { ...of, until: '1970-01-03T00:00:00Z', note: 'note' } },
  { type: 'SignalWoken', data: of },
  { type: 'SignalEscalated', data: { ...of, severity: 'critical', note: 'note' } },
  { type: 'SignalCleared', data: { ...of, severity: 'critical', why: 'corrected' } },
  { type: 'SignalOutcomeRecorded', data: { ...of, severity: 'critical', outcome: 'data_problem' } },
  { type: 'SignalReturned', data: { ...of, severity: 'critical' } },
  { type: 'SignalResolved', data: { ...of, severity: 'critical', outcome: 'true_problem', note: 'note' } },
];

/** One signal's events, of every type. */
export const signalsSpecimen: readonly Fact<SignalEvent>[] = events.map(
  (event, index) =>
    ({
      ...event,
      occurredAt: index * 60_000,
      recordedAt: index * 60_000 + 3_600_000,
      schemaVersion: 1,
      id: id(index),
      tenant: 'tenant',
      stream: signalStream(of.trial, of.signal),
      revision: index,
      position: BigInt(index + 1),
      actor: 'actor',
      commandId: id(index),
      correlationId: id(index),
      causationId: id(index),
      metadata: {},
    }) as Fact<SignalEvent>,
);
