import { type Amendable, type OracleTrial, type Recorded, versionsOf } from './engagement-oracle.js';

/*
 * The register as it was known, by brute force: at every question it starts from all entries again and leaves out what was
 * not recorded yet.
 */

export interface OracleProtocol {
  recordedAt: number;
  window: OracleTrial['window'];
  interventionArms: string[];
  instrument: string | undefined;
  /** Whether it brings a definition of its own. */
  ownDefinition: boolean;
}
export interface OracleRegister {
  /** The first one came with the trial. */
  protocols: OracleProtocol[];
  sites: { id: string; recordedAt: number }[];
  workers: { id: string; site: string; recordedAt: number }[];
}

export interface KnownRegister {
  /** From 1; 0 when the trial was not registered. */
  version: number;
  ownDefinition: boolean;
  sites: string[];
  workers: string[];
}

export function registerKnownAt({ protocols, sites, workers }: OracleRegister, knownAt: number): KnownRegister {
  let version = 0;
  while (version < protocols.length && protocols[version]!.recordedAt <= knownAt) version++;
  if (version === 0) return { version, ownDefinition: false, sites: [], workers: [] };
  const ids = (entries: { id: string; recordedAt: number }[]): string[] =>
    entries
      .filter((entry) => entry.recordedAt <= knownAt)
      .map(({ id }) => id)
      .sort();
  return { version, ownDefinition: protocols[version - 1]!.ownDefinition, sites: ids(sites), workers: ids(workers) };
}

/** The trial as everything about it is to be counted that was known at a time. */
export function trialKnownAt(trial: OracleTrial, register: OracleRegister, knownAt: number): OracleTrial {
  const { version, sites } = registerKnownAt(register, knownAt);
  const { window, interventionArms, instrument } = register.protocols[Math.max(version, 1) - 1]!;
  return { ...trial, window, interventionArms, instrument, sites };
}

/** When the newest thing was recorded by then that is the same in every arm. */
export function neutralTimeKnownAt(trial: OracleTrial, { protocols }: OracleRegister, knownAt: number): number {
  const records: Amendable<Recorded & { scope?: string }>[] = trial.participants.flatMap((participant) => [
    participant.referral,
    ...participant.randomisations,
    ...participant.discharges,
    ...participant.withdrawals,
  ]);
  const times = records
    .flatMap((record) => versionsOf<Recorded & { scope?: string }>(record))
    .filter(({ scope }) => scope !== 'intervention')
    .flatMap(({ recordedAt, voidedAt }) => (voidedAt === undefined ? [recordedAt] : [recordedAt, voidedAt]));
  const known = [...times, ...protocols.map(({ recordedAt }) => recordedAt)].filter((time) => time <= knownAt);
  return known.reduce((a, b) => Math.max(a, b), 0);
}
