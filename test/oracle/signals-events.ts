import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import { type Episode, ruleEpisodes, trialFacts, type TrialRegister } from '@cairn/monitoring';
import type { Protocol } from '@cairn/registry/protocol';
import type { SignalRule } from '@cairn/signals';
import type { OracleSignal } from './signals-oracle.js';
import type { SignalWorld } from './signals-oracle-world.js';

/** What an event of a log holds. */
export interface LogEntry {
  readonly type: string;
  readonly at: number;
  readonly recordedAt: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A record that stands, as it is recorded when it happens. */
export function entriesOf(world: SignalWorld): LogEntry[] {
  const entries: LogEntry[] = [];
  let names = 0;
  const add = (type: string, at: number, data: object, recordedAt = at): void =>
    void entries.push({ type, at, recordedAt, data: { trial: 'trial', ...data } });
  for (const { id: participant, site, ...person } of world.people) {
    for (const { at } of person.referrals) add('ParticipantReferred', at, { participant, site });
    for (const { at, arm } of person.randomisations) add('ParticipantRandomised', at, { participant, arm });
    for (const { at, worker } of person.allocations) add('WorkerAllocated', at, { participant, worker });
    for (const { at } of person.discharges) add('ParticipantDischarged', at, { participant });
    for (const { at } of person.followUps) add('FollowUpRecorded', at, { participant });
    for (const { at } of person.readmissions) add('ParticipantReadmitted', at, { participant });
    for (const { at, scope } of person.withdrawals) add('ParticipantWithdrawn', at, { participant, scope });
    for (const { at, entered, setting, mode, outcome } of person.contacts) {
      const type = setting === 'ward' ? 'WardContactRecorded' : 'CommunityMeetingRecorded';
      const contact = { participant, worker: 'W', contact: `C${names++}`, mode, outcome };
      // Every other one says itself when it was typed in.
      if (names % 2 === 0) add(type, at, { ...contact, enteredAt: new Date(entered).toISOString() });
      else add(type, at, contact, entered);
    }
  }
  for (const { site, at, kind } of world.supervisions) {
    add('SupervisionHeld', at, { site, supervision: `V${names++}`, kind, attendees: [] });
  }
  for (const { site, at } of world.preparations) {
    add('TeamPreparationHeld', at, { site, session: `T${names++}`, ward: 'ward' });
  }
  for (const { worker, at, days } of world.trainings) {
    add('TrainingAttended', at, { worker, attendedOn: '2017-01-01', days });
  }
  for (const { at, ...assessment } of world.assessments) add('FidelityAssessed', at, assessment);
  return entries;
}

/** Gives ids by the order of the entries, and positions by that of recording. */
export const factsOf = (entries: readonly LogEntry[]): Fact<DeliveryEvent>[] =>
  entries
    .map((entry, number) => ({ ...entry, id: idOf(number) }))
    .sort((a, b) => a.recordedAt - b.recordedAt)
    .map(({ id, type, at, recordedAt, data }, index) => ({
      id,
      type,
      occurredAt: at,
      recordedAt,
      data,
      position: BigInt(index + 1),
      schemaVersion: 1,
      tenant: 'tenant',
      stream: 'stream',
      revision: 0,
      actor: 'actor',
      commandId: id,
      correlationId: id,
      causationId: id,
      metadata: {},
    })) as unknown as Fact<DeliveryEvent>[];

export const idOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

export const registerOf = (world: SignalWorld, protocol: Protocol): TrialRegister => ({
  timeZone: world.zone,
  protocols: [{ version: 1, occurredAt: 0, protocol }],
  sites: world.sites.map(({ id, openedOn }) => ({ site: id, ...(openedOn !== undefined && { openedOn }) })),
  workers: world.workers.map(({ id, site, role, endedAt }) => ({
    worker: id,
    site,
    role: role as 'peer_worker',
    ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
  })),
});

/** The product's episodes in the form of the oracle's signals. */
export function productSignals(
  rules: readonly SignalRule[],
  world: SignalWorld,
  protocol: Protocol,
  events: readonly Fact<DeliveryEvent>[],
): (OracleSignal & { readonly episode: Episode })[] {
  const facts = trialFacts({ register: registerOf(world, protocol), recruitmentTo: world.recruitmentTo, events });
  return rules.flatMap((rule) =>
    ruleEpisodes(rule, facts).map((episode) => ({
      rule: rule.rule,
      subject: `${episode.subject.kind} ${episode.subject.id}`,
      from: episode.from,
      until: episode.until,
      episode,
    })),
  );
}

/** Signals as lines that can be compared and read. */
export const linesOf = (signals: readonly OracleSignal[]): string[] =>
  signals.map(({ rule, subject, from, until }) => `${rule} ${subject} ${time(from)} ${time(until)}`).sort();

const time = (at: number | undefined): string => (at === undefined ? '…' : new Date(at).toISOString());
