import { type Demand, type Flow, flowOf } from './demand.js';
import { type Monday, mondayOf, together } from './monday.js';
import type { UnitCosts } from './unit-costs.js';
import { serversFor, type Waits, waitsOf } from './waits.js';

/** Of its cores a service uses this part in a busy hour; the rest is for what no mean tells. */
export const BUSY = 0.5;
/** Seconds after which an event is shown, an import is done, and a timer that was due has been looked at, at the latest. */
export const PATIENCE = { shown: 60, imported: 600, due: 300 };
/** Of a participant's timers those that are due on a day, and of trials those that somebody looks at in an hour. */
export const DUE_IN_A_DAY = 0.1;
export const LOOKED_AT = 0.2;
/** Bytes that documents may take in one api. */
export const MEMORY_OF_AN_API = 1.5e9;
/** Connections that a process of each service keeps open at the most. */
export const CONNECTIONS = { api: 24, projector: 12, alerter: 12 };
/** A second is as many milliseconds. */
const MS = 1_000;

/** What it takes to serve a demand. Cores are those that are needed; instances of a service are processes of one core each. */
export interface CapacityPlan {
  readonly demand: Demand;
  readonly flow: Flow;
  readonly cores: {
    readonly api: number;
    readonly projector: number;
    readonly alerter: number;
    readonly postgres: number;
  };
  readonly instances: { readonly api: number; readonly projector: number; readonly alerter: number };
  /** Bytes: of all instances of a service together. */
  readonly memory: { readonly api: number; readonly projector: number; readonly alerter: number };
  readonly connections: number;
  /** Bytes: of what is stored at the end, of which the log and what signs it must be kept. */
  readonly disk: {
    readonly log: number;
    readonly indexes: number;
    readonly readModels: number;
    readonly proofs: number;
  };
  /** Bytes of PostgreSQL's own log: per second in a busy hour, and in a year. */
  readonly wal: { readonly busiest: number; readonly year: number };
  /** Seconds of a rebuild of all read models by one process. */
  readonly rebuild: number;
  /** A Monday with these instances. */
  readonly waits: { readonly shown: Waits; readonly imported: Waits; readonly due: Waits };
  /** Of the largest tenant: events per second in a busy hour, and timers that are due at once. */
  readonly ofOneTenant: { readonly busiest: number; readonly due: number };
}

/** Pure: the same costs and demand give the same plan. */
export function planFor(costs: UnitCosts, demand: Demand): CapacityPlan {
  const flow = flowOf(demand, costs.alertsOfAnEvent, costs.busiestWeek);
  const timers = costs.timersOfAParticipant * DUE_IN_A_DAY;
  const monday = mondayOf(demand, flow, timers);
  const cores = coresFor(costs, demand, flow);
  const shown = costs.cpu.projector + costs.cpu.notary;
  const lines = linesOf(monday, costs);
  const subscribers = demand.trials * demand.subscribers;
  const documents = flow.participants * LOOKED_AT * costs.memory.participant;
  const instances = {
    // Two, so that there is one while the other is replaced.
    api: serversFor(
      lines.imported,
      costs.cpu.apiImported / MS,
      PATIENCE.imported,
      Math.max(
        2,
        Math.ceil(cores.api),
        Math.ceil((documents + subscribers * costs.memory.subscriber) / MEMORY_OF_AN_API),
      ),
    ),
    projector: serversFor(lines.shown, shown / MS, PATIENCE.shown, Math.max(2, Math.ceil(cores.projector))),
    alerter: serversFor(lines.due, costs.cpu.alerter / MS, PATIENCE.due, Math.max(2, Math.ceil(cores.alerter))),
  };
  const { bytes, memory } = costs;
  return {
    ...{ demand, flow, cores, instances },
    memory: {
      // Whatever is looked at may be looked at anywhere; who follows does so at one of them.
      api: instances.api * (memory.api + Math.min(documents, MEMORY_OF_AN_API)) + subscribers * memory.subscriber,
      projector: instances.projector * memory.projector,
      alerter: instances.alerter * memory.alerter,
    },
    connections:
      instances.api * CONNECTIONS.api +
      instances.projector * CONNECTIONS.projector +
      instances.alerter * CONNECTIONS.alerter,
    disk: {
      log: flow.stored * bytes.log,
      indexes: flow.stored * bytes.indexes,
      readModels: flow.stored * bytes.readModels,
      proofs: flow.stored * bytes.proofs,
    },
    wal: { busiest: flow.busiest * bytes.wal, year: flow.eventsPerYear * bytes.wal },
    rebuild: (flow.stored * costs.rebuildMicroseconds) / 1e6,
    waits: {
      shown: waitsOf(lines.shown, shown / MS, instances.projector),
      imported: waitsOf(lines.imported, costs.cpu.apiImported / MS, instances.api),
      due: waitsOf(lines.due, costs.cpu.alerter / MS, instances.alerter),
    },
    ofOneTenant: {
      busiest: flow.busiest / demand.tenants,
      due: (flow.participants * timers) / demand.tenants,
    },
  };
}

/** Cores in a busy hour, with `BUSY` of them used. */
function coresFor(
  { cpu, postgres, alertsOfAnEvent }: UnitCosts,
  demand: Demand,
  { busiest }: Flow,
): CapacityPlan['cores'] {
  const cores = (milliseconds: number): number => (busiest * milliseconds) / MS / BUSY;
  const record = demand.importing * cpu.apiImported + (1 - demand.importing) * cpu.apiCommand;
  return {
    api: cores(record + alertsOfAnEvent * demand.subscribers * cpu.apiAlert + cpu.apiHeard),
    projector: cores(cpu.projector + cpu.notary),
    alerter: cores(cpu.alerter),
    postgres: cores(postgres.recorded + postgres.signed + postgres.watched),
  };
}

/** What waits for each service on a Monday. */
function linesOf({ recorded, imported, due }: Monday, { cpu }: UnitCosts) {
  // Imports come to the projector as fast as an api gives them.
  const events = together(recorded, imported, 1);
  return {
    imported: together(imported, recorded, cpu.apiCommand / cpu.apiImported),
    shown: events,
    due: together(events, due, 1),
  };
}
