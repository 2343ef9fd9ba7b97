import { describe, expect, it } from '@jest/globals';
import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import { standingVersions } from './record-versions.js';
import { specimenId, specimensOf } from './specimen.js';

const who = { trial: 'trial', participant: 'P1' };
const discharged = { type: 'ParticipantDischarged', data: who } as const;
const amending = (event: number, occurredAt: string) =>
  ({
    type: 'ParticipantRecordAmended',
    data: {
      ...who,
      event: specimenId(event),
      reason: 'another day',
      record: { type: 'ParticipantDischarged', occurredAt, data: who },
    },
  }) as const;
const voiding = (event: number) =>
  ({ type: 'ParticipantRecordVoided', data: { ...who, event: specimenId(event), reason: 'in error' } }) as const;

type Content = DeliveryEvent extends infer E ? (E extends DeliveryEvent ? Pick<E, 'type' | 'data'> : never) : never;
const log = (...events: readonly Content[]): readonly Fact<DeliveryEvent>[] => specimensOf<DeliveryEvent>(...events);
const standing = (...events: readonly Content[]) =>
  standingVersions(log(...events)).map(({ event, record, occurredAt }) => ({ event, record, occurredAt }));

describe('the versions that stand', () => {
  it('are those recorded and not void', () => {
    expect(standing(discharged, discharged, voiding(0))).toEqual([
      { event: specimenId(1), record: specimenId(1), occurredAt: 60_000 },
    ]);
  });

  it('are the last ones of what was amended, with the times that they say and the record that they are of', () => {
    const events = log(discharged, amending(0, '1970-01-02T00:00:00Z'), amending(1, '1970-01-03T00:00:00+01:00'));
    expect(standingVersions(events)).toEqual([
      expect.objectContaining({
        event: specimenId(2),
        record: specimenId(0),
        occurredAt: 2 * 86_400_000 - 3_600_000,
        firstRecordedAt: events[0]!.recordedAt,
        position: events[2]!.position,
      }),
    ]);
  });

  it('are none of what was amended and then void', () => {
    expect(standing(discharged, amending(0, '1970-01-02T00:00:00Z'), voiding(1))).toEqual([]);
  });

  it('are not changed by the void of what is not there', () => {
    expect(standing(discharged, voiding(7))).toHaveLength(1);
  });
});
