import { specFor } from '@cairn/event-sourcing/spec';
import { trialDecider } from './decide-trial.js';
import type { TrialEvent } from './events.js';
import { Protocol } from './protocol.js';

const now = 1_000;
const trial = 'enrich';
const { given } = specFor(trialDecider, { now });

const protocol = Protocol.parse({
  arms: [
    { id: 'peer_support', intervention: true },
    { id: 'care_as_usual', intervention: false },
  ],
  strata: ['psychotic', 'personality'],
  interventionWindow: { monthsAfterDischarge: 4 },
});
const definition = (id: string): Protocol['engagementDefinitions'][number] => ({
  id,
  title: 'One call',
  description: 'One attended telephone contact',
  source: 'Protocol 2',
  requirements: [{ atLeast: 1, modes: ['telephone'] }],
});

const registration = {
  trial,
  title: 'ENRICH',
  timeZone: 'Europe/London',
  recruitmentFrom: '2017-01-09',
  recruitmentTo: '2018-06-29',
  protocol,
};
const register = { type: 'registerTrial', ...registration } as const;
const registered: TrialEvent = { type: 'TrialRegistered', occurredAt: now, data: registration };

const inWeeks: Protocol = { ...protocol, interventionWindow: { weeksAfterDischarge: 16 } };
const publish = { type: 'publishProtocol', trial, version: 2, protocol: inWeeks } as const;
const published: TrialEvent = {
  type: 'ProtocolPublished',
  occurredAt: now,
  data: { trial, version: 2, protocol: inWeeks },
};

const siteData = {
  trial,
  site: 'S1',
  name: 'Site 1',
  employerKind: 'NHS' as const,
  employerName: 'Trust 1',
  hostOrganisation: 'Trust 1',
  localities: ['town' as const, 'rural' as const],
};
const addSite = { type: 'registerSite', ...siteData } as const;
const siteAdded: TrialEvent = { type: 'SiteRegistered', occurredAt: now, data: siteData };

const workerData = {
  trial,
  worker: 'W1',
  site: 'S1',
  role: 'peer_worker' as const,
  startedAt: '2017-01-09T09:00:00+01:00',
  endedAt: '2017-12-01T09:00:00Z',
  daysPerWeek: 2.5,
};
const addWorker = { type: 'registerWorker', ...workerData } as const;
const workerAdded: TrialEvent = { type: 'WorkerRegistered', occurredAt: now, data: workerData };

describe('trial', () => {
  it('is registered as from now', () => given().when(register).then(registered));
  it('is registered as from a time that is given', () =>
    given()
      .when({ ...register, occurredAt: 5 })
      .then({ ...registered, occurredAt: 5 }));
  it('registered again changes nothing, at whatever time and whatever was published since', () =>
    given(registered, published, siteAdded, workerAdded)
      .when({ ...register, occurredAt: 5 })
      .then());
  it.each([
    { title: 'Other' },
    { registration: 'ISRCTN10043328' },
    { timeZone: 'Europe/Rome' },
    { recruitmentTo: undefined },
    { protocol: inWeeks },
  ])('registered again with %j is refused', (other) =>
    given(registered)
      .when({ ...register, ...other })
      .thenRefused('TRIAL_EXISTS', 'trial'),
  );
  it('whose recruitment ends before it starts is refused', () =>
    given()
      .when({ ...register, recruitmentTo: '2017-01-08' })
      .thenRefused('RECRUITMENT_ENDS_BEFORE_START', 'recruitmentTo'));
});

describe('protocol', () => {
  it('follows in the next version', () => given(registered).when(publish).then(published));
  it('published again changes nothing, that of the registration too', () => {
    given(registered, published).when(publish).then();
    given(registered, published)
      .when({ ...publish, version: 1, protocol })
      .then();
  });
  it('of a used version with other content is refused', () => {
    given(registered, published)
      .when({ ...publish, protocol })
      .thenRefused('PROTOCOL_VERSION_EXISTS', 'version');
    given(registered)
      .when({ ...publish, version: 1 })
      .thenRefused('PROTOCOL_VERSION_EXISTS', 'version');
  });
  it('that skips a version is refused', () =>
    given(registered)
      .when({ ...publish, version: 3 })
      .thenRefused('PROTOCOL_VERSION_SKIPPED', 'version'));

  it.each<[string, Partial<Protocol>]>([
    ['INTERVENTION_ARM_MISSING', { arms: [{ id: 'care_as_usual', intervention: false }] }],
    [
      'ARM_NAMED_TWICE',
      {
        arms: [
          { id: 'a', intervention: true },
          { id: 'a', intervention: false },
        ],
      },
    ],
    ['STRATUM_NAMED_TWICE', { strata: ['psychotic', 'psychotic'] }],
    ['DEFINITION_NAMED_TWICE', { engagementDefinitions: [definition('calls'), definition('calls')] }],
    ['DEFINITION_RESERVED', { engagementDefinitions: [definition('table')] }],
    ['DEFINITION_RESERVED', { engagementDefinitions: [definition('text')] }],
    [
      'CUT_POINTS_OVERLAP',
      {
        siteClasses: {
          high: { fidelity: 9, engagement: 50 },
          low: { fidelity: 9, engagement: 50 },
          outlierResidual: 3,
        },
      },
    ],
  ])('is refused as %s, at registration and later (%#)', (code, fault) => {
    const faulty = { ...protocol, ...fault };
    given()
      .when({ ...register, protocol: faulty })
      .thenRefused(code, 'protocol');
    given(registered)
      .when({ ...publish, protocol: faulty })
      .thenRefused(code, 'protocol');
  });
  it('may have definitions of its own and cut-points that leave classes apart', () => {
    const sound: Protocol = {
      ...protocol,
      engagementDefinitions: [definition('calls'), definition('visits')],
      siteClasses: {
        high: { fidelity: 10.9, engagement: 75 },
        low: { fidelity: 9, engagement: 50 },
        outlierResidual: 3,
      },
    };
    given(registered)
      .when({ ...publish, protocol: sound })
      .then({ ...published, data: { trial, version: 2, protocol: sound } });
  });
});

describe('site', () => {
  it('is registered', () => given(registered).when(addSite).then(siteAdded));
  it('registered again changes nothing', () =>
    given(registered, siteAdded)
      .when({ ...addSite, localities: ['rural', 'town'] })
      .then());
  it('with other content is refused', () =>
    given(registered, siteAdded)
      .when({ ...addSite, employerKind: 'VOL' })
      .thenRefused('SITE_EXISTS', 'site'));
});

describe('worker', () => {
  it('is registered at a site', () => given(registered, siteAdded).when(addWorker).then(workerAdded));
  it('registered again changes nothing', () =>
    given(registered, siteAdded, workerAdded)
      .when({ ...addWorker, startedAt: '2017-01-09T08:00:00Z' })
      .then());
  it('with other content is refused', () =>
    given(registered, siteAdded, workerAdded)
      .when({ ...addWorker, daysPerWeek: 3 })
      .thenRefused('WORKER_EXISTS', 'worker'));
  it('at an unknown site is refused', () => given(registered).when(addWorker).thenRefused('SITE_UNKNOWN', 'site'));
  it('that ended before starting is refused', () =>
    given(registered, siteAdded)
      .when({ ...addWorker, endedAt: '2017-01-09T07:59:59Z' })
      .thenRefused('ENDED_BEFORE_STARTED', 'endedAt'));
  it('that ended on starting is registered', () =>
    given(registered, siteAdded)
      .when({ ...addWorker, endedAt: '2017-01-09T08:00:00Z' })
      .then({ ...workerAdded, data: { ...workerData, endedAt: '2017-01-09T08:00:00Z' } }));
});

describe('every entry', () => {
  it.each([publish, addSite, addWorker])('of an unknown trial is refused ($type)', (command) =>
    given().when(command).thenRefused('TRIAL_UNKNOWN', 'trial'),
  );
  it('in the future is refused', () => {
    given()
      .when({ ...register, occurredAt: now + 1 })
      .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt');
    for (const command of [publish, addSite, { ...addWorker, site: 'S2' }]) {
      given(registered, { ...siteAdded, data: { ...siteData, site: 'S2' } })
        .when({ ...command, occurredAt: now + 1 })
        .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt');
    }
  });
});
