import type { UnitCosts } from './unit-costs.js';

/** What `cairn capacity measure` found once; on another machine it finds other figures. */
export const MEASURED: UnitCosts = {
  measured: { on: '2026-11-22', machine: '2 cores, AMD EPYC' },
  cpu: { apiCommand: 3, apiImported: 0.6, projector: 0.15, notary: 0.06, alerter: 0.12, apiAlert: 0.2, apiHeard: 0.02 },
  postgres: { recorded: 1.5, signed: 0.03, watched: 0.05 },
  bytes: { log: 403, indexes: 207, readModels: 605, proofs: 120, wal: 3_000 },
  memory: { api: 228e6, projector: 157e6, alerter: 145e6, subscriber: 48e3, participant: 2_000 },
  appendsOfOneTenant: 5_000,
  rebuildMicroseconds: 10,
  alertsOfAnEvent: 0.1,
  timersOfAParticipant: 0.3,
  eventsOfAParticipant: 13,
  busiestWeek: 2.5,
};
