import { BUSY, type CapacityPlan, LOOKED_AT, MEMORY_OF_AN_API } from './plan.js';
import type { UnitCosts } from './unit-costs.js';

/** Something that a larger Cairn comes up against. */
export interface Limit {
  readonly name: string;
  readonly unit: string;
  readonly load: number;
  /** With what there is at first: one PostgreSQL, one table, one process that works on a tenant. */
  readonly bears: number;
  /** What to add. */
  readonly remedy: string;
}

/** The cores, the disk, the connections of one PostgreSQL, and hours that a night has. */
export const ONE_SERVER = { cores: 32, bytes: 8e12, connections: 200, events: 1e9, night: 8, walBytes: 100e6 };
/** Documents of one tenant that a rebuild can tell apart: as many as a Set of V8 may hold. */
const DOCUMENTS_OF_A_REBUILD = 2 ** 24;
/** Leases that each tenant has: who projects, signs, watches and relays it. Seconds between renewals, and rows a second that these may be. */
export const LEASES = { ofATenant: 4, renewedEvery: 1.5, rows: 10_000 };
/** Bytes per second at which a backup is copied and comes back. */
export const COPIED = 200e6;

/** Everything that may break, what is nearest to it first. */
export function limitsOf(plan: CapacityPlan, costs: UnitCosts): readonly Limit[] {
  const { flow, demand, ofOneTenant, disk } = plan;
  const stored = disk.log + disk.indexes + disk.readModels + disk.proofs;
  const perTenant = (milliseconds: number): number => (ofOneTenant.busiest * milliseconds) / 1_000;
  const limits: Limit[] = [
    {
      name: "one tenant's row of the log",
      ...{ unit: 'appends/s', load: ofOneTenant.busiest, bears: costs.appendsOfOneTenant * BUSY },
      remedy: 'more tenants: a programme of its own for each sponsor; imports are paced by their quota already',
    },
    {
      name: 'the process that projects and signs one tenant',
      ...{ unit: 'cores', load: perTenant(costs.cpu.projector + costs.cpu.notary), bears: BUSY },
      remedy: 'more tenants; the notary in processes of its own',
    },
    {
      name: "one tenant's timers at midnight",
      ...{ unit: 's', load: (ofOneTenant.due * costs.cpu.alerter) / 1_000, bears: 300 },
      remedy: 'more tenants; more alerters share them by lease',
    },
    {
      name: 'memory of one api for trials that are looked at',
      ...{
        unit: 'GB',
        load: (flow.participants * LOOKED_AT * costs.memory.participant) / 1e9,
        bears: MEMORY_OF_AN_API / 1e9,
      },
      remedy: 'more apis, and a balancer that sends a tenant to the same ones, so that each keeps the trials of few',
    },
    {
      name: 'memory of one api for who follows',
      ...{
        unit: 'GB',
        load: (demand.trials * demand.subscribers * costs.memory.subscriber) / 1e9,
        bears: MEMORY_OF_AN_API / 1e9,
      },
      remedy: 'more apis; streams resume on any of them',
    },
    {
      name: 'connections of one PostgreSQL',
      ...{ unit: '', load: plan.connections, bears: ONE_SERVER.connections * 0.8 },
      remedy:
        'a larger max_connections, up to some 500; then several databases. A pooler only by session: connections listen, hold locks and take on roles',
    },
    {
      name: 'cores of one PostgreSQL',
      ...{ unit: 'cores', load: plan.cores.postgres, bears: ONE_SERVER.cores },
      remedy: 'tenants shared out over several databases; KurrentDB as the store of record takes the appends away',
    },
    {
      name: 'commits that every api hears of (NOTIFY)',
      ...{ unit: 'cores', load: (flow.busiest * costs.cpu.apiHeard) / 1_000, bears: 0.1 },
      remedy: 'Kafka for the fan-out between instances',
    },
    {
      name: 'leases that are renewed',
      ...{ unit: 'rows/s', load: (demand.tenants * LEASES.ofATenant) / LEASES.renewedEvery, bears: LEASES.rows },
      remedy: 'longer leases, which are taken over later; tenants shared out over several databases',
    },
    {
      name: 'one table of events',
      ...{ unit: 'million events', load: flow.stored / 1e6, bears: ONE_SERVER.events / 1e6 },
      remedy: 'cairn.event partitioned by a hash of the tenant, so that vacuum, indexes and copies are of parts',
    },
    {
      name: 'disk of one server',
      ...{ unit: 'TB', load: stored / 1e12, bears: ONE_SERVER.bytes / 1e12 },
      remedy: 'tenants shared out over several databases; ended trials exported, signed, to colder storage',
    },
    {
      name: 'rebuild of all read models within a night',
      ...{ unit: 'hours', load: plan.rebuild / 3_600, bears: ONE_SERVER.night },
      remedy:
        'tenants rebuilt side by side by several projectors; old read models serve meanwhile, however long it takes',
    },
    {
      name: 'participants of one tenant that a rebuild keeps apart',
      unit: 'million',
      load: (flow.participants * demand.years) / demand.trialYears / demand.tenants / 1e6,
      bears: DOCUMENTS_OF_A_REBUILD / 1e6,
      remedy: 'more tenants',
    },
    {
      name: 'backup, and coming back from it, within a night',
      ...{ unit: 'hours', load: stored / COPIED / 3_600, bears: ONE_SERVER.night },
      remedy: 'incremental backups or snapshots of the storage; a standby to fail over to',
    },
    {
      name: "PostgreSQL's own log in a busy hour",
      ...{ unit: 'MB/s', load: plan.wal.busiest / 1e6, bears: ONE_SERVER.walBytes / 1e6 },
      remedy: 'faster disks for pg_wal; several databases',
    },
  ];
  return limits.sort((a, b) => b.load / b.bears - a.load / a.bears);
}
