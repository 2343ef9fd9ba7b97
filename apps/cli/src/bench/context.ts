import type { Laboratory } from './laboratory.js';
import type { TrialDatabases } from './trials.js';

/** How much of everything a run does. */
export interface Scale {
  readonly quick: boolean;
  /** In the large log, and in the small one that it is compared with. */
  readonly events: number;
  readonly fewEvents: number;
  /** In the very large log, which only its own section has. */
  readonly manyEvents: number;
  /** Rounds of pages, and how many of each kind are asked for in a round. */
  readonly pageRounds: number;
  readonly pages: number;
  readonly trials: number;
  readonly rebuildRounds: number;
  readonly growthRounds: number;
  /** Appends in each turn of a growth round. */
  readonly growthAppends: number;
  /** Of the one trial whose past is asked for. */
  readonly travelEvents: number;
  /** Turns with proofs and without, and milliseconds of each that are counted. */
  readonly proofRounds: number;
  readonly proofMilliseconds: number;
  /** Events that are proved one by one. */
  readonly proofs: number;
  /** Seconds of queries. */
  readonly tableSeconds: number;
  readonly meetings: number;
  readonly tenants: number;
  /** In the log of each. */
  readonly tenantEvents: number;
  readonly tenantRounds: number;
  /** Of each turn of a round. */
  readonly tenantSeconds: number;
  /** Who follow alerts, how long each turn is, and what was recorded before. */
  readonly streamReaders: number;
  readonly streamSeconds: number;
  readonly streamBacklog: number;
  readonly streamRounds: number;
  /** Turns of one instance and of two. */
  readonly instanceRounds: number;
}

export const FULL: Scale = {
  quick: false,
  events: 1_000_000,
  fewEvents: 100_000,
  manyEvents: 10_000_000,
  pageRounds: 5,
  pages: 200,
  trials: 20,
  rebuildRounds: 3,
  growthRounds: 5,
  growthAppends: 4_000,
  travelEvents: 100_000,
  proofRounds: 8,
  proofMilliseconds: 3_000,
  proofs: 2_000,
  tableSeconds: 20,
  meetings: 1_000,
  tenants: 64,
  tenantEvents: 2_000,
  tenantRounds: 7,
  tenantSeconds: 10,
  streamReaders: 2_000,
  streamSeconds: 10,
  streamBacklog: 20_000,
  streamRounds: 3,
  instanceRounds: 7,
};

export const QUICK: Scale = {
  quick: true,
  events: 20_000,
  fewEvents: 2_000,
  manyEvents: 60_000,
  pageRounds: 1,
  pages: 20,
  trials: 4,
  rebuildRounds: 1,
  growthRounds: 1,
  growthAppends: 500,
  travelEvents: 5_000,
  proofRounds: 2,
  proofMilliseconds: 1_000,
  proofs: 100,
  tableSeconds: 2,
  meetings: 30,
  tenants: 6,
  tenantEvents: 500,
  tenantRounds: 1,
  tenantSeconds: 2,
  streamReaders: 80,
  streamSeconds: 2,
  streamBacklog: 2_000,
  streamRounds: 1,
  instanceRounds: 2,
};

/** What the sections of one run share. */
export interface BenchContext {
  readonly laboratory: Laboratory;
  readonly databases: TrialDatabases;
  readonly scale: Scale;
  readonly kafkaBrokers: readonly string[] | undefined;
}
