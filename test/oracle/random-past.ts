import type { TrialEvent } from '@cairn/registry';
import type { Protocol } from '@cairn/registry/protocol';
import fc from 'fast-check';
import { type OracleTrial, type Recorded, versionsOf } from './engagement-oracle.js';
import { amendable, HOUR, protocolWindow, scene, seldom, window } from './random-trial.js';
import type { OracleProtocol, OracleRegister } from './register-oracle.js';

/*
 * Small trials by chance whose register grows while their participants are treated: sites and workers are registered late,
 * and the protocol changes in the middle.
 */

export const ALL_ARMS = ['support', 'peers', 'usual'];
const SITES = ['S0', 'S1', 'S10', 'S2'];

export interface PastScene {
  trial: OracleTrial;
  register: OracleRegister;
  moments: { asOf: number; knownAt: number }[];
  /** After how many of the times of record the product takes in what came, each time anew. */
  steps: number[];
}

/** Every time at which something was recorded, once and in their order. */
export function timesOfRecord(trial: OracleTrial, register: OracleRegister): number[] {
  const records = trial.participants.flatMap((participant) => [
    participant.referral,
    ...participant.randomisations,
    ...participant.allocations,
    ...participant.discharges,
    ...participant.contacts,
    ...participant.withdrawals,
  ]);
  const versions: Recorded[] = [...records, ...trial.assessments].flatMap((record) => versionsOf<Recorded>(record));
  const entries = [...register.protocols, ...register.sites, ...register.workers];
  const times = [
    ...versions.flatMap(({ recordedAt, voidedAt }) => (voidedAt === undefined ? [recordedAt] : [recordedAt, voidedAt])),
    ...entries.map(({ recordedAt }) => recordedAt),
  ];
  return [...new Set(times)].sort((a, b) => a - b);
}

const assessment = (from: number): fc.Arbitrary<OracleTrial['assessments'][number]> =>
  amendable(
    fc
      .record({
        at: fc.integer({ min: 0, max: 120 * 24 }).map((hours) => from + hours * HOUR),
        late: fc.integer({ min: 0, max: 60 * 24 }),
        voidLate: seldom(fc.integer({ min: 0, max: 60 * 24 })),
        site: fc.constantFrom(...SITES),
        instrument: fc.constantFrom('index', 'index', 'other'),
        rater: fc.constantFrom('R1', 'R2'),
        total: fc.integer({ min: 30, max: 120 }).map((tenths) => tenths / 10),
      })
      .map(({ at, late, voidLate, ...rest }) => {
        const recordedAt = at + late * HOUR;
        return { at, recordedAt, ...(voidLate !== undefined && { voidedAt: recordedAt + voidLate * HOUR }), ...rest };
      }),
    fc.record({ total: fc.integer({ min: 30, max: 120 }).map((tenths) => tenths / 10) }),
  );

const protocolAfter = (hours: number): Omit<OracleProtocol, 'recordedAt' | 'window'> => ({
  interventionArms: hours % 3 === 0 ? ['support'] : ['support', 'peers'],
  instrument: hours % 5 === 0 ? undefined : hours % 7 === 0 ? 'other' : 'index',
  ownDefinition: hours % 2 === 0,
});

export const pastScene: fc.Arbitrary<PastScene> = scene.chain(({ trial, moments }) => {
  const begin = Math.min(...trial.participants.map(({ referral }) => referral.at)) - 10 * 24 * HOUR;
  const late = fc.integer({ min: 0, max: 260 * 24 });
  const entry = late.map((hours) => ({ recordedAt: begin + hours * HOUR }));
  return fc
    .record({
      first: fc.nat({ max: 30 }),
      later: fc.array(fc.record({ hours: late, window }), { maxLength: 3 }),
      sites: fc.tuple(...SITES.map((id) => entry.map((entered) => ({ id, ...entered })))),
      workers: fc.tuple(...SITES.map((site) => entry.map((entered) => ({ id: `${site}-W`, site, ...entered })))),
      assessments: fc.uniqueArray(assessment(begin), { maxLength: 8, selector: ({ at }) => at }),
    })
    .chain(({ first, later, sites, workers, assessments }) => {
      const register: OracleRegister = {
        protocols: [
          { recordedAt: begin, window: trial.window, ...protocolAfter(first) },
          ...later
            .sort((a, b) => a.hours - b.hours)
            // Versions come one after the other, each in its own append.
            .map(({ hours, window: given }, index) => ({
              recordedAt: begin + hours * HOUR + index + 1,
              window: given,
              ...protocolAfter(hours),
            })),
        ],
        sites,
        workers,
      };
      const whole = { ...trial, sites: SITES, assessments };
      const times = timesOfRecord(whole, register);
      const known = fc
        .tuple(fc.constantFrom(...times), fc.constantFrom(-1, 0, 1))
        .map(([time, by]): number => time + by);
      const asOf = fc.oneof(known, fc.constantFrom(...moments.map((moment) => moment.asOf)));
      return fc.record({
        trial: fc.constant(whole),
        register: fc.constant(register),
        moments: fc.array(fc.record({ asOf, knownAt: known }), { minLength: 12, maxLength: 24 }),
        steps: fc.array(fc.nat({ max: times.length }), { minLength: 2, maxLength: 6 }),
      });
    });
});

const OWN_DEFINITION: Protocol['engagementDefinitions'][number] = {
  id: 'own',
  title: 'One talk on a ward',
  description: 'One talk, at whatever distance, on a ward',
  source: 'spec',
  requirements: [{ atLeast: 1, settings: ['ward'] }],
};

const protocolOf = ({ window: given, interventionArms, instrument, ownDefinition }: OracleProtocol): Protocol => ({
  arms: ALL_ARMS.map((id) => ({ id, intervention: interventionArms.includes(id) })),
  strata: [],
  interventionWindow: protocolWindow(given),
  ...(instrument !== undefined && { fidelity: { instrument, minimum: 3, maximum: 12 } }),
  engagementDefinitions: ownDefinition ? [OWN_DEFINITION] : [],
});

/** The entries of the register as events with the times at which they were recorded. */
export function registrationsOf(
  { zone }: OracleTrial,
  { protocols, sites, workers }: OracleRegister,
): (TrialEvent & { readonly recordedAt: number })[] {
  const at = (recordedAt: number) => ({ recordedAt, occurredAt: recordedAt });
  const [first, ...later] = protocols;
  return [
    {
      type: 'TrialRegistered' as const,
      ...at(first!.recordedAt),
      data: { trial: 'trial', title: 'Trial', timeZone: zone, protocol: protocolOf(first!) },
    },
    ...later.map((protocol, index) => ({
      type: 'ProtocolPublished' as const,
      ...at(protocol.recordedAt),
      data: { trial: 'trial', version: index + 2, protocol: protocolOf(protocol) },
    })),
    ...sites.map(({ id, recordedAt }) => ({
      type: 'SiteRegistered' as const,
      ...at(recordedAt),
      data: {
        trial: 'trial',
        site: id,
        name: `Site ${id}`,
        employerKind: 'NHS' as const,
        employerName: 'Trust',
        hostOrganisation: 'Trust',
        localities: [],
      },
    })),
    ...workers.map(({ id, site, recordedAt }) => ({
      type: 'WorkerRegistered' as const,
      ...at(recordedAt),
      data: { trial: 'trial', worker: id, site, role: 'peer_worker' as const },
    })),
  ].sort((a, b) => a.recordedAt - b.recordedAt);
}
