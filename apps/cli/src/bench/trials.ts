import type { Append, TenantId } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import type { Laboratory } from './laboratory.js';
import { trialLog, type TrialLogPlan } from './trial-log.js';

export const TENANT = 'bench';

/** A database with the logs of some trials, and nothing but the log. */
export interface TrialDatabase {
  readonly url: string;
  readonly plan: TrialLogPlan;
  /** How long its appends took, in milliseconds. */
  readonly appendedIn: number;
}

/** Makes each database of trials once, when the first section needs it. */
export class TrialDatabases {
  private readonly made = new Map<number, Promise<TrialDatabase>>();

  constructor(
    private readonly laboratory: Laboratory,
    private readonly trials: number,
  ) {}

  /** @param events in the log */
  with(events: number): Promise<TrialDatabase> {
    let database = this.made.get(events);
    if (!database) {
      database = this.make(events);
      this.made.set(events, database);
    }
    return database;
  }

  private async make(events: number): Promise<TrialDatabase> {
    const url = await this.laboratory.createCairn(`trials_${events}`);
    const plan = { events, trials: this.trials, seed: 1 };
    const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
    try {
      const started = performance.now();
      await appendAll(store, trialLog(plan));
      return { url, plan, appendedIn: performance.now() - started };
    } finally {
      await store.close();
    }
  }
}

/** Appends that are under way at a time: enough for full batches. */
const UNDER_WAY = 1_024;

/** Appends everything, many at a time; those of one stream stay in their order, because the store keeps it. */
export async function appendAll(
  store: PostgresEventStore,
  appends: Iterable<Append>,
  tenant: TenantId = TENANT,
): Promise<void> {
  const iterator = appends[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: UNDER_WAY }, async () => {
      for (let next = iterator.next(); !next.done; next = iterator.next()) {
        const outcome = await store.append(tenant, next.value);
        if (outcome.kind !== 'appended') throw new Error(`an append of the trial log came out as ${outcome.kind}`);
      }
    }),
  );
}
