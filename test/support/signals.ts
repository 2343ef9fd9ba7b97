import { randomUUID } from 'node:crypto';
import { type Append, EventCatalogue, type EventStore, eventId, type TenantId } from '@cairn/event-sourcing';
import { type SignalEvent, signalEventTypes, signalId, signalStream } from '@cairn/signals';

const catalogue = new EventCatalogue(signalEventTypes);

/** A signal as a test gives it: what is not the point of the test is filled in. */
export type GivenSignal = Partial<
  Pick<SignalEvent['data'], 'site' | 'rule' | 'severity' | 'audience' | 'participant' | 'subject'>
> & { readonly trial: string; readonly cause?: string };

/** The append of one event of a signal's life, past every rule: how it is, not how it came to be. */
export function signalAppend(
  type: Exclude<SignalEvent['type'], 'SignalSnoozed' | 'SignalAssigned' | 'SignalOutcomeRecorded'>,
  { trial, cause = randomUUID(), ...given }: GivenSignal,
  commandId: string = randomUUID(),
): Append {
  const rule = given.rule ?? 'no_ward_contact';
  const site = given.site ?? 'S1';
  const subject =
    given.subject ??
    (given.participant === undefined
      ? { kind: 'site' as const, id: site }
      : { kind: 'participant' as const, id: given.participant });
  const signal = signalId(trial, rule, subject, cause);
  const base = {
    ...{ trial, signal, site, rule, subject, severity: given.severity ?? 'warning' },
    ...(given.participant !== undefined && { participant: given.participant }),
    audience: given.audience ?? 'delivery',
  };
  const more = {
    SignalRaised: { ruleVersion: 'default/1', cause, numbers: { days: 3 }, events: [] },
    SignalCleared: { why: 'cause_gone' },
    SignalResolved: { outcome: 'true_problem' },
  } as const;
  const data = { ...base, ...(type in more && more[type as keyof typeof more]) };
  const event = { type, occurredAt: Date.parse('2020-02-01T09:00:00Z'), data } as SignalEvent;
  return {
    stream: signalStream(trial, signal),
    expected: 'any',
    commandId,
    actor: 'alerter',
    events: [catalogue.encode(event)],
  };
}

/** Raises a signal past every rule. @returns the id of its alert */
export async function raiseSignal(
  store: Pick<EventStore, 'append'>,
  tenant: TenantId,
  given: GivenSignal,
): Promise<string> {
  const append = signalAppend('SignalRaised', given);
  await store.append(tenant, append);
  return eventId(append.commandId, 0);
}
