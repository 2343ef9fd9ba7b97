import { parseInstant } from '@cairn/event-sourcing';
import { givenEventId, specFor } from '@cairn/event-sourcing/spec';
import { siteRecordDecider } from './decide-site-record.js';
import type { SiteRecordEvent } from './events.js';
import { world } from './spec-world.js';

const where = { trial: 'enrich', site: 'S1' };
const occurredAt = parseInstant('2017-11-05T00:00:00Z')!;
const { given } = specFor(siteRecordDecider, world);

const supervise = {
  type: 'recordSupervision',
  ...where,
  supervision: 'G1',
  kind: 'group',
  facilitator: 'W2',
  attendees: ['W1', 'W2'],
  minutes: 90,
  occurredAt,
} as const;
const prepare = {
  type: 'recordTeamPreparation',
  ...where,
  session: 'P1',
  ward: 'ward 4',
  staffAttending: 6,
  occurredAt,
} as const;
const assess = {
  type: 'recordFidelityAssessment',
  ...where,
  instrument: 'index',
  rater: 'R1',
  total: 10.4,
  items: [{ item: 'mutuality', value: 2.5 }],
  occurredAt,
} as const;

const asGiven = { ...supervise, attendees: [...supervise.attendees] };
const rated = { ...assess, items: [...assess.items] };

function eventOf<Command extends { readonly type: string; readonly occurredAt: number }>(
  type: SiteRecordEvent['type'],
  { type: _, occurredAt: when, ...data }: Command,
): SiteRecordEvent {
  return { type, occurredAt: when, data } as unknown as SiteRecordEvent;
}
const held = eventOf('SupervisionHeld', asGiven);
const prepared = eventOf('TeamPreparationHeld', prepare);
const assessed = eventOf('FidelityAssessed', rated);
const voided = (index: number): SiteRecordEvent => ({
  type: 'SiteRecordVoided',
  occurredAt: world.now,
  data: { ...where, event: givenEventId(index), reason: 'wrong site' },
});
const voiding = (index: number, reason = 'wrong site') =>
  ({ type: 'voidRecord', trial: where.trial, event: givenEventId(index), reason }) as const;

describe('supervision', () => {
  it('is recorded', () => given().when(asGiven).then(held));
  it('needs neither facilitator nor length', () => {
    const { facilitator: _f, minutes: _m, ...bare } = asGiven;
    given().when(bare).then(eventOf('SupervisionHeld', bare));
  });
  it('given again changes nothing', () =>
    given(held)
      .when({ ...asGiven, attendees: ['W2', 'W1'] })
      .then());
  it.each([{ kind: 'individual' as const }, { minutes: 60 }, { attendees: ['W1'] }, { occurredAt: occurredAt - 1 }])(
    'under a used id with %j is refused',
    (other) =>
      given(held)
        .when({ ...asGiven, ...other })
        .thenRefused('SUPERVISION_ID_REUSED', 'supervision'),
  );
  it('may be recorded anew once it was voided', () =>
    given(held, voided(0))
      .when({ ...asGiven, minutes: 60 })
      .then(eventOf('SupervisionHeld', { ...asGiven, minutes: 60 })));
  it('at an unknown site is refused', () =>
    given()
      .when({ ...asGiven, site: 'S9' })
      .thenRefused('SITE_UNKNOWN', 'site'));
  it('with an unknown facilitator is refused', () =>
    given()
      .when({ ...asGiven, facilitator: 'W9' })
      .thenRefused('WORKER_UNKNOWN', 'facilitator'));
  it('with an unknown attendee is refused', () =>
    given()
      .when({ ...asGiven, attendees: ['W1', 'W9'] })
      .thenRefused('WORKER_UNKNOWN', 'attendees'));
});

describe('team preparation', () => {
  it('is recorded', () => given().when(prepare).then(prepared));
  it('given again changes nothing', () => given(prepared).when(prepare).then());
  it.each([{ ward: 'ward 5' }, { staffAttending: 7 }, { occurredAt: occurredAt - 1 }])(
    'under a used id with %j is refused',
    (other) =>
      given(prepared)
        .when({ ...prepare, ...other })
        .thenRefused('SESSION_ID_REUSED', 'session'),
  );
  it('may be recorded anew once it was voided', () => given(prepared, voided(0)).when(prepare).then(prepared));
  it('at an unknown site is refused', () =>
    given()
      .when({ ...prepare, site: 'S9' })
      .thenRefused('SITE_UNKNOWN', 'site'));
});

describe('fidelity assessment', () => {
  const { items: _i, ...totalOnly } = rated;
  const { total: _t, ...itemsOnly } = rated;
  it('has a total, items or both', () => {
    given().when(rated).then(assessed);
    given().when(totalOnly).then(eventOf('FidelityAssessed', totalOnly));
    given().when(itemsOnly).then(eventOf('FidelityAssessed', itemsOnly));
  });
  it('given again changes nothing', () => given(assessed).when(rated).then());
  it('with another result is refused', () =>
    given(assessed)
      .when({ ...rated, total: 10.5 })
      .thenRefused('ASSESSMENT_EXISTS', 'occurredAt'));
  it('may be recorded anew once it was voided', () =>
    given(assessed, voided(0))
      .when({ ...totalOnly, total: 11 })
      .then(eventOf('FidelityAssessed', { ...totalOnly, total: 11 })));
  it.each([3, 12])('may have a total of %d, the end of the range', (total) =>
    given()
      .when({ ...totalOnly, total })
      .then(eventOf('FidelityAssessed', { ...totalOnly, total })),
  );
  it.each([2.99, 12.01])('of %d, outside of the range, is refused', (total) =>
    given()
      .when({ ...totalOnly, total })
      .thenRefused('FIDELITY_OUT_OF_RANGE', 'total'),
  );
  it('without a total and without items is refused', () =>
    given()
      .when({ ...itemsOnly, items: [] })
      .thenRefused('FIDELITY_EMPTY', 'total'));
  it('that rates an item twice is refused', () =>
    given()
      .when({
        ...rated,
        items: [
          { item: 'mutuality', value: 1 },
          { item: 'mutuality', value: 2 },
        ],
      })
      .thenRefused('ITEM_RATED_TWICE', 'items'));
  it('with an unknown instrument is refused', () =>
    given()
      .when({ ...rated, instrument: 'other' })
      .thenRefused('INSTRUMENT_UNKNOWN', 'instrument'));
  it('at an unknown site is refused', () =>
    given()
      .when({ ...rated, site: 'S9' })
      .thenRefused('SITE_UNKNOWN', 'site'));
});

describe('every site record', () => {
  it.each([asGiven, prepare, rated])('in the future is refused ($type)', (command) =>
    given()
      .when({ ...command, occurredAt: world.now + 1 })
      .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt'),
  );
  it.each([held, prepared, assessed])('can be voided ($type)', (event) =>
    given(event).when(voiding(0)).then(voided(0)),
  );
});

describe('void', () => {
  it('given again for the same reason changes nothing', () => given(held, voided(0)).when(voiding(0)).then());
  it('for another reason is refused', () =>
    given(held, voided(0)).when(voiding(0, 'typed twice')).thenRefused('EVENT_ALREADY_VOIDED', 'event'));
  it('of an unknown event is refused', () => given(held).when(voiding(1)).thenRefused('EVENT_UNKNOWN', 'event'));
  it('of an event of another trial is refused as unknown', () =>
    given(held)
      .when({ ...voiding(0), trial: 'other' })
      .thenRefused('EVENT_UNKNOWN', 'event'));
  it('of a void is refused', () => given(held, voided(0)).when(voiding(1)).thenRefused('EVENT_NOT_VOIDABLE', 'event'));
});
