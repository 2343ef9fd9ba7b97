import os from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { makeServiceLogins, PostgresEventStore } from '@cairn/platform';
import { alertedTypes } from '@cairn/signals';
import { simulateTrial, variedPlan } from '@cairn/simulation';
import { appendCost } from '../bench/growth.js';
import { type Laboratory, query } from '../bench/laboratory.js';
import { ONE_TENANT, type Product, withProduct } from '../bench/product.js';
import { rebuildAll } from '../bench/rebuilding.js';
import { startService } from '../bench/service.js';
import { MANY, trialWithSites } from '../bench/streams.js';
import { TENANT } from '../bench/trials.js';
import { loadSimulation } from '../simulate/load-simulation.js';
import { documentsInMemory } from './documents-in-memory.js';
import { alertsTo } from './following-alerts.js';
import { commandsOf, peopleIn } from './giving-commands.js';
import { postgresUse, sizes } from './postgres-use.js';
import { shapeOf } from './shape.js';
import type { UnitCosts } from './unit-costs.js';

/** How much is done to measure. */
export interface MeasuredWork {
  readonly sites: number;
  readonly participants: number;
  readonly commands: number;
  readonly appends: number;
  readonly readers: number;
  readonly alerts: number;
}

export const FULL_WORK: MeasuredWork = {
  ...{ sites: 20, participants: 1_000, commands: 1_000, appends: 4_000, readers: 400, alerts: 100 },
};

/** The trial began so many days ago: half of its participants are in the middle of it. */
const BEGAN_DAYS_AGO = 400;
const WITHIN_MS = 600_000;

/** Measures what one of anything costs, on a PostgreSQL of its own, in a few minutes. */
export async function measureUnitCosts(
  laboratory: Laboratory,
  work: MeasuredWork,
  say: (what: string) => void,
): Promise<UnitCosts> {
  const url = await laboratory.createCairn('capacity');
  const startsOn = new Date(Date.now() - BEGAN_DAYS_AGO * 86_400_000).toISOString().slice(0, 10);
  const trial = simulateTrial({ ...variedPlan({ ...work, seed: 1 }), startsOn });
  const settings = { ...ONE_TENANT, ...MANY, TENANT_COMMANDS_PER_MINUTE: '1000000', CAIRN_PROOFS: 'off' };
  say('recording a simulated trial');
  const recorded = await withProduct(
    url,
    async (product) => {
      const { api, projector } = product.services;
      const idle = { api: (await api.memory()) ?? 0, projector: (await projector.memory()) ?? 0 };
      const token = await product.tokenOf(TENANT);
      const meter = meterOf(url, product);
      const imported = await meter(async () => {
        const server = { url: `http://127.0.0.1:${product.port}`, token };
        const { refused, codes } = await loadSimulation(trial, server, TENANT, undefined, () => undefined);
        if (refused > 0) throw new Error(`${refused} records were refused: ${JSON.stringify(codes)}`);
      });
      const stored = await sizes(url);
      say('commands by GraphQL');
      const commands = await meter(() =>
        commandsOf(product, token, trial.description.id, peopleIn(trial), work.commands),
      );
      say('commits that are only heard of, and alerts to those who follow');
      const store = new PostgresEventStore({ url, applicationName: 'cairn capacity' });
      try {
        await store.append(TENANT, trialWithSites());
        const before = await api.cpu();
        const micros = await appendCost(store, work.appends);
        await wait(1_000);
        const heard = ((await api.cpu()) - before) / work.appends;
        const followed = await alertsTo(product, token, store, work);
        return { idle, imported, commands, heard, appends: 1e6 / micros, followed, stored };
      } finally {
        await store.close();
      }
    },
    settings,
  );
  say('the watch');
  const watched = await watch(url);
  say('signing');
  const signed = await sign(url);
  say('a rebuild');
  const events = await headOf(url);
  const { eventsPerSecond } = await rebuildAll({ url, plan: { events, trials: 1, seed: 1 }, appendedIn: 0 });
  const participants = [...trial.lives()].length;
  const { imported, commands, stored } = recorded;
  const proofs = (await sizes(url)).proofs / events;
  return {
    measured: {
      on: new Date().toISOString().slice(0, 10),
      machine: `${os.cpus().length} cores, ${os.cpus()[0]?.model ?? '?'}`,
    },
    cpu: {
      apiCommand: commands.api / commands.events,
      apiImported: imported.api / imported.events,
      projector: imported.projector / imported.events,
      notary: signed.service,
      alerter: watched.service,
      apiAlert: recorded.followed.cpu,
      apiHeard: recorded.heard,
    },
    postgres: { recorded: commands.postgres / commands.events, signed: signed.postgres, watched: watched.postgres },
    bytes: {
      log: stored.log / imported.events,
      indexes: stored.indexes / imported.events,
      readModels: stored.readModels / imported.events,
      proofs,
      wal: commands.wal / commands.events + signed.wal,
    },
    memory: {
      ...recorded.idle,
      alerter: watched.memory,
      subscriber: recorded.followed.memory,
      participant: (await documentsInMemory(url)) / participants,
    },
    appendsOfOneTenant: recorded.appends,
    rebuildMicroseconds: 1e6 / eventsPerSecond,
    alertsOfAnEvent: watched.alerts,
    timersOfAParticipant: watched.timers / participants,
    ...shapeOf(trial),
  };
}

interface Used {
  readonly events: number;
  readonly api: number;
  readonly projector: number;
  readonly postgres: number;
  readonly wal: number;
}

/** Tells what everybody used from the beginning of some work until the read models have what came of it. */
const meterOf =
  (url: string, { services: { api, projector } }: Product) =>
  async (work: () => Promise<unknown>): Promise<Used> => {
    const now = async () => ({
      ...{ events: await headOf(url), api: await api.cpu(), projector: await projector.cpu() },
      ...(await postgresUse(url)),
    });
    const before = await now();
    await work();
    await until(url, 'select min(position) as at from read_model.checkpoint');
    const after = await now();
    return {
      events: after.events - before.events,
      api: after.api - before.api,
      projector: after.projector - before.projector,
      postgres: after.cpu - before.cpu,
      wal: after.wal - before.wal,
    };
  };

/** Has an alerter go through the log. Milliseconds, alerts per event; timers that wait at the end. */
async function watch(url: string) {
  const events = await headOf(url);
  const before = await postgresUse(url);
  const { alerter: login } = await makeServiceLogins(url);
  const alerter = await startService('alerter', { DATABASE_URL: login }, '/health');
  try {
    const [began, memory] = [await alerter.cpu(), (await alerter.memory()) ?? 0];
    await until(url, 'select min(position) as at from alerting.watch', events);
    await wait(2_000);
    const { rows } = await query(
      url,
      `select (select count(*)::int from alerting.timer) as timers,
         (select count(*)::int from cairn.event where position > ${events} and type = any ('{${alertedTypes.join(',')}}')) as alerts`,
    );
    const { timers, alerts } = rows[0] as { readonly timers: number; readonly alerts: number };
    const service = ((await alerter.cpu()) - began) / events;
    return {
      ...{ service, memory, timers, alerts: alerts / events },
      postgres: ((await postgresUse(url)).cpu - before.cpu) / events,
    };
  } finally {
    await alerter.stop();
  }
}

/** Has a notary sign the log. Milliseconds and bytes of an event. */
async function sign(url: string) {
  const events = await headOf(url);
  const before = await postgresUse(url);
  // A projector that has nothing to do but start.
  const starting = await withProduct(url, ({ services }) => services.projector.cpu(), { CAIRN_PROOFS: 'off' });
  const between = await postgresUse(url);
  const service = await withProduct(url, ({ services }) => services.projector.cpu());
  const after = await postgresUse(url);
  const postgres = after.cpu - between.cpu - (between.cpu - before.cpu);
  return {
    service: Math.max(0, service - starting) / events,
    postgres: Math.max(0, postgres) / events,
    wal: (after.wal - between.wal) / events,
  };
}

async function headOf(url: string): Promise<number> {
  const { rows } = await query(
    url,
    `select coalesce(max(head), 0)::int as head from cairn.log where tenant = '${TENANT}'`,
  );
  return (rows[0] as { readonly head: number }).head;
}

/** @param asked for the position `at` that something has come to */
async function until(url: string, asked: string, position?: number): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const { rows } = await query(url, asked);
    if (Number((rows[0] as { readonly at: string | null }).at ?? 0) >= (position ?? (await headOf(url)))) return;
    if (performance.now() > deadline) throw new Error('what is measured does not come to an end');
    await wait(100);
  }
}
