import { type Fact, LOG_START } from '@cairn/event-sourcing';
import type { TrialEvent } from './events.js';
import type { Protocol } from './protocol.js';
import { trialStream } from './streams.js';
import type { Site } from './trial.js';

const protocol: Protocol = {
  arms: [
    { id: 'support', intervention: true },
    { id: 'usual', intervention: false },
  ],
  strata: ['stratum'],
  interventionWindow: { monthsAfterDischarge: 4 },
  followUpWithinDays: 7,
  trainingDays: 8,
  groupSupervisionEveryDays: 7,
  fidelity: { instrument: 'index', minimum: 3, maximum: 12, notBeforeMonthsOfDelivery: 6, itemAggregation: 'mean' },
  engagementDefinitions: [
    {
      id: 'definition',
      title: 'Title',
      description: 'Description',
      source: 'Source',
      requirements: [{ atLeast: 1, modes: ['telephone'], settings: ['ward'], fromDischarge: true }],
    },
  ],
  siteClasses: {
    high: { fidelity: 10, engagement: 75 },
    low: { fidelity: 9, engagement: 50 },
    outlierResidual: 3,
  },
};
const trial = 'trial';
const site: Omit<Site, 'site'> = {
  name: 'Site',
  employerKind: 'VOL',
  employerName: 'Employer',
  hostOrganisation: 'Host',
  localities: ['town', 'rural'],
  timeZone: 'Europe/London',
  openedOn: '2017-02-01',
};
const events: readonly TrialEvent[] = [
  {
    type: 'TrialRegistered',
    occurredAt: 1,
    data: {
      trial,
      title: 'Title',
      registration: 'ISRCTN',
      timeZone: 'Europe/London',
      recruitmentFrom: '2017-01-01',
      recruitmentTo: '2018-01-01',
      protocol,
    },
  },
  { type: 'SiteRegistered', occurredAt: 2, data: { trial, site: 'S2', ...site } },
  { type: 'SiteRegistered', occurredAt: 3, data: { trial, site: 'S1', ...site } },
  {
    type: 'WorkerRegistered',
    occurredAt: 4,
    data: {
      trial,
      worker: 'W1',
      site: 'S1',
      role: 'peer_worker',
      startedAt: '2017-03-01T09:00:00Z',
      endedAt: '2017-09-01T09:00:00Z',
      daysPerWeek: 2.5,
    },
  },
  {
    type: 'ProtocolPublished',
    occurredAt: 5,
    data: { trial, version: 2, protocol: { ...protocol, interventionWindow: { weeksAfterDischarge: 12 } } },
  },
  {
    type: 'SiteAmended',
    occurredAt: 6,
    data: {
      trial,
      site: 'S2',
      event: '00000000-0000-5000-8000-000000000001',
      reason: 'reason',
      record: {
        type: 'SiteRegistered',
        occurredAt: '1970-01-01T00:00:00.002Z',
        data: { trial, site: 'S2', ...site, name: 'New name' },
      },
    },
  },
  {
    type: 'WorkerAmended',
    occurredAt: 7,
    data: {
      trial,
      worker: 'W1',
      site: 'S1',
      event: '00000000-0000-5000-8000-000000000003',
      reason: 'reason',
      record: {
        type: 'WorkerRegistered',
        occurredAt: '1970-01-01T00:00:00.004Z',
        data: { trial, worker: 'W1', site: 'S1', role: 'coordinator', daysPerWeek: 2.5 },
      },
    },
  },
];

/** One trial's events, of every type that the projection folds. */
export const trialsSpecimen: readonly Fact<TrialEvent>[] = events.map((event, revision) => ({
  ...event,
  schemaVersion: 1,
  id: `00000000-0000-5000-8000-00000000000${revision}`,
  tenant: 'tenant',
  stream: trialStream(trial),
  revision,
  position: LOG_START + BigInt(revision + 1),
  recordedAt: 100 + revision,
  actor: 'actor',
  commandId: `00000000-0000-4000-8000-00000000000${revision}`,
  correlationId: `00000000-0000-4000-8000-00000000000${revision}`,
  causationId: `00000000-0000-4000-8000-00000000000${revision}`,
  metadata: {},
}));
