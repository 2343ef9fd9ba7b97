import type { UnitCosts } from './unit-costs.js';

/**
 * What `cairn capacity measure` found once, beside much other work; on another machine it finds other figures. The two rates are
 * of time that passes and not of CPU, and so from the quieter hours of docs/benchmarks.md.
 */
export const MEASURED: UnitCosts = {
  measured: { on: '2026-11-22', machine: 'two cores of an AMD EPYC' },
  cpu: {
    ...{ apiCommand: 4, apiImported: 0.48, projector: 0.19, notary: 0.063, alerter: 0.077 },
    ...{ apiAlert: 0.2, apiHeard: 0.013 },
  },
  postgres: { recorded: 2.8, signed: 0.014, watched: 0.032 },
  bytes: { log: 390, indexes: 180, readModels: 510, proofs: 200, wal: 3_500 },
  memory: { api: 230e6, projector: 155e6, alerter: 145e6, subscriber: 39e3, participant: 1_900 },
  appendsOfOneTenant: 6_200,
  rebuildMicroseconds: 7,
  alertsOfAnEvent: 0.083,
  timersOfAParticipant: 0.12,
  eventsOfAParticipant: 13.7,
  busiestWeek: 1.9,
};
