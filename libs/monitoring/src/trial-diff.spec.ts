import { describe, expect, it } from '@jest/globals';
import type { DeliveryEvent } from '@cairn/delivery/events';
import { type Fact, parseInstant } from '@cairn/event-sourcing';
import { Protocol } from '@cairn/registry/protocol';
import { type CutMoment, type RegisterStep, trialDiff } from './trial-diff.js';

const at = (text: string): number => parseInstant(text)!;
const who = { trial: 'trial', participant: 'P1' };
const contact = { ...who, worker: 'W1', mode: 'face_to_face', outcome: 'attended' };

const protocol = Protocol.parse({
  arms: [{ id: 'support', intervention: true }],
  interventionWindow: { monthsAfterDischarge: 4 },
});
const register = {
  timeZone: 'Europe/London',
  protocols: [{ version: 1, occurredAt: 0, protocol }],
  sites: [{ site: 'S1' }],
  workers: [],
};
const registers: readonly RegisterStep[] = [{ event: 'registration', position: 1n, register }];

/** Events at positions 2, 3 …, each recorded when it happened and named by its position. */
const log = (...events: readonly (readonly [string, string, object])[]): readonly Fact<DeliveryEvent>[] =>
  events.map(([type, occurredAt, data], index) => ({
    type,
    data,
    id: `event ${index + 2}`,
    position: BigInt(index + 2),
    occurredAt: at(occurredAt),
    recordedAt: at(occurredAt),
  })) as unknown as readonly Fact<DeliveryEvent>[];

const discharged = [
  ['ParticipantReferred', '2017-01-02T10:00:00Z', { ...who, site: 'S1' }],
  ['ParticipantRandomised', '2017-01-03T10:00:00Z', { ...who, arm: 'support' }],
  ['WorkerAllocated', '2017-01-03T11:00:00Z', { ...who, worker: 'W1' }],
  ['ParticipantDischarged', '2017-01-10T10:00:00Z', who],
] as const;

const changed = (
  events: readonly Fact<DeliveryEvent>[],
  from: CutMoment,
  to: CutMoment,
  column: string,
  key: object = { definition: 'table', site: 'S1' },
) =>
  trialDiff({ events, registers, from, to })
    .filter((change) => change.table === 'engagement' && change.column === column)
    .find((change) => JSON.stringify(change.key) === JSON.stringify(key));

describe('what changed between two moments', () => {
  it('names the record that made it, and the one that was needed for it', () => {
    const events = log(
      ...discharged,
      ['WardContactRecorded', '2017-01-05T10:00:00Z', { ...contact, contact: 'C1' }],
      ['CommunityMeetingRecorded', '2017-01-20T10:00:00Z', { ...contact, contact: 'C2' }],
    );
    const occurredBefore = at('2017-02-01T00:00:00Z');
    expect(
      changed(events, { position: 5n, occurredBefore }, { position: 7n, occurredBefore }, 'engaged'),
    ).toMatchObject({
      from: 0,
      to: 1,
      causes: [
        { kind: 'record', event: 'event 6', by: 0 },
        { kind: 'record', event: 'event 7', by: 1 },
      ],
    });
  });

  it('names time when nothing but a window closed', () => {
    const events = log(...discharged);
    const from = { position: 5n, occurredBefore: at('2017-05-01T00:00:00+01:00') };
    const to = { position: 5n, occurredBefore: at('2017-06-01T00:00:00+01:00') };
    expect(changed(events, from, to, 'not_engaged')).toMatchObject({
      from: 0,
      to: 1,
      causes: [{ kind: 'time', at: at('2017-05-11T00:00:00+01:00'), unit: { kind: 'participant', id: 'P1' }, by: 1 }],
    });
  });

  it('names the amendment that moved what had happened', () => {
    const events = log(...discharged, [
      'ParticipantRecordAmended',
      '2017-03-01T00:00:00Z',
      {
        ...who,
        event: 'event 5',
        reason: 'another month',
        record: { type: 'ParticipantDischarged', occurredAt: '2017-02-10T10:00:00Z', data: who },
      },
    ]);
    const occurredBefore = at('2017-05-20T00:00:00Z');
    const found = changed(events, { position: 5n, occurredBefore }, { position: 6n, occurredBefore }, 'not_yet');
    expect(found).toMatchObject({ from: 0, to: 1, causes: [{ kind: 'record', event: 'event 6', by: 1 }] });
  });

  it('is nothing between a moment and itself', () => {
    const moment = { position: 5n, occurredBefore: at('2017-05-20T00:00:00Z') };
    expect(trialDiff({ events: log(...discharged), registers, from: moment, to: moment })).toEqual([]);
  });

  it('names the register when a site came to it', () => {
    const more = { ...register, sites: [...register.sites, { site: 'S2' }] };
    const steps = [...registers, { event: 'site', position: 6n, register: more }];
    const occurredBefore = at('2017-05-20T00:00:00Z');
    const changes = trialDiff({
      events: log(...discharged),
      registers: steps,
      from: { position: 5n, occurredBefore },
      to: { position: 6n, occurredBefore },
    });
    const row = changes.find((change) => change.table === 'flow' && change.column === 'referred');
    expect(row).toMatchObject({
      key: { site: 'S2' },
      from: null,
      to: 0,
      causes: [{ kind: 'register', event: 'site' }],
    });
  });
});
