import { givenEventId, specFor } from '@cairn/event-sourcing/spec';
import type { AmendEntry } from './decide-amendment.js';
import { trialDecider } from './decide-trial.js';
import { entryIn } from './entries.js';
import type { TrialEvent } from './events.js';
import { rosterAt, rosterTimes } from './roster-at.js';
import { evolve, type Trial, type TrialRoster } from './trial.js';

const now = Date.parse('2018-01-01T12:00:00Z');
const trial = 'enrich';
const site = {
  trial,
  site: 'S1',
  name: 'Site',
  employerKind: 'NHS',
  employerName: 'Trust',
  hostOrganisation: 'Trust',
  localities: ['urban'],
  openedOn: '2017-01-01',
} as const;
const worker = { trial, worker: 'W1', site: 'S1', role: 'peer_worker', startedAt: '2017-01-01T00:00:00Z' } as const;
const past = [
  {
    type: 'TrialRegistered',
    occurredAt: 0,
    data: {
      trial,
      title: 'Trial',
      timeZone: 'Europe/London',
      protocol: {
        arms: [{ id: 'support', intervention: true }],
        strata: [],
        interventionWindow: { monthsAfterDischarge: 4 },
        engagementDefinitions: [],
      },
    },
  },
  { type: 'SiteRegistered', occurredAt: 0, data: { ...site, localities: ['urban'] } },
  { type: 'WorkerRegistered', occurredAt: 0, data: worker },
] as unknown as readonly TrialEvent[];
const occurredAt = '1970-01-01T00:00:00.000Z';

const amending = (index: number, changes: AmendEntry['changes'], rest: Partial<AmendEntry> = {}): AmendEntry => ({
  type: 'amendRecord',
  trial,
  event: givenEventId(index),
  reason: 'typed wrongly',
  changes,
  ...rest,
});
const siteAmended = (index: number, changed: object): TrialEvent =>
  ({
    type: 'SiteAmended',
    occurredAt: now,
    data: {
      ...{ trial, site: 'S1', event: givenEventId(index), reason: 'typed wrongly' },
      record: { type: 'SiteRegistered', occurredAt, data: { ...site, ...changed } },
    },
  }) as unknown as TrialEvent;
const workerAmended = (changed: object): TrialEvent =>
  ({
    type: 'WorkerAmended',
    occurredAt: now,
    data: {
      ...{ trial, worker: 'W1', site: 'S1', event: givenEventId(2), reason: 'typed wrongly' },
      record: { type: 'WorkerRegistered', occurredAt, data: { ...worker, ...changed } },
    },
  }) as unknown as TrialEvent;

const given = (...events: readonly TrialEvent[]) => {
  const entries = new Map(
    events.flatMap((event, index) => {
      const entry = entryIn(event);
      return entry ? [[givenEventId(index), entry] as const] : [];
    }),
  );
  return specFor(trialDecider, { now, entries }).given(...events);
};

describe('an entry of the register', () => {
  it('is amended', () => {
    given(...past)
      .when(amending(1, { openedOn: '2017-03-01' }))
      .then(siteAmended(1, { openedOn: '2017-03-01' }));
    given(...past)
      .when(amending(2, { endedAt: '2017-12-01T00:00:00Z' }))
      .then(workerAmended({ endedAt: '2017-12-01T00:00:00Z' }));
  });
  it('is amended once for the same, and by whoever has seen what it says', () => {
    const once = [...past, siteAmended(1, { name: 'Other' })];
    given(...past)
      .when(amending(1, { name: 'Site' }))
      .then();
    given(...once)
      .when(amending(1, { name: 'Other' }))
      .then();
    given(...once)
      .when(amending(1, { name: 'Third' }))
      .thenRefused('EVENT_SUPERSEDED', 'event');
    given(...once)
      .when(amending(3, { name: 'Third' }))
      .then(siteAmended(3, { name: 'Third' }));
  });
  it('keeps its ids and its rules', () => {
    given(...past)
      .when(amending(1, { site: 'S2' }))
      .thenRefused('RECORD_IDENTITY_FIXED', 'changes.site');
    given(...past)
      .when(amending(2, { site: 'S2' }))
      .thenRefused('RECORD_IDENTITY_FIXED', 'changes.site');
    given(...past)
      .when(amending(2, { endedAt: '2016-01-01T00:00:00Z' }))
      .thenRefused('ENDED_BEFORE_STARTED', 'changes.endedAt');
    given(...past)
      .when(amending(1, { employerKind: 'other' }))
      .thenRefused('INVALID_INPUT', 'changes.employerKind');
    given(...past)
      .when(amending(1, { colour: 'red' }))
      .thenRefused('INVALID_INPUT', 'changes.colour');
    given(...past)
      .when(amending(1, { name: 'Other' }, { occurredAt: now + 1 }))
      .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt');
    given(...past)
      .when(amending(0, { title: 'Other' }))
      .thenRefused('EVENT_UNKNOWN', 'event');
  });
  it('that is registered again with what it ever said adds nothing', () => {
    const once = given(...past, siteAmended(1, { name: 'Other' }));
    const registered = { type: 'registerSite', ...site, localities: ['urban' as const] } as const;
    once.when({ ...registered, localities: ['urban'] }).then();
    once.when({ ...registered, localities: ['urban'], name: 'Other' }).then();
    once.when({ ...registered, localities: ['urban'], name: 'Third' }).thenRefused('SITE_EXISTS', 'site');
  });
  it('says at each time what was on record then', () => {
    const events = [...past, siteAmended(1, { name: 'Other' }), siteAmended(3, { name: 'Third' })];
    const roster = events.reduce<Trial>(
      (folded, event, index) => evolve(folded, { ...event, recordedAt: 100 * index }),
      { kind: 'unregistered' },
    ) as TrialRoster;
    expect([99, 100, 299, 300, 400].map((at) => rosterAt(roster, at)!.sites.map(({ name }) => name))).toEqual([
      [],
      ['Site'],
      ['Site'],
      ['Other'],
      ['Third'],
    ]);
    expect(rosterTimes(roster)).toEqual([0, 100, 200, 300, 400]);
  });
});
