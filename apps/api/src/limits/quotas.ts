import { setTimeout as wait } from 'node:timers/promises';
import { Budget } from './budget.js';
import { type Entry, FairGate } from './fair-gate.js';
import { Pace } from './pace.js';
import { Places } from './places.js';
import type { LimitsOf, TenantLimits } from './tenant-limits.js';

/** Whose quota it is. */
export interface Spender {
  readonly tenant: string;
  readonly person: string;
}

/** Gives back what was taken. */
export type Release = () => void;

/** Requests that wait for their tenant's turn. */
const WAITING = { perTenant: 256, perPerson: 128 };
/** Milliseconds that a request waits for its tenant's turn. */
const PATIENCE = 5_000;
/** One person has no more than this part of a tenant's sockets, subscriptions and imports. */
const PERSONS_SHARE = 0.5;
/** Commands may come in a burst: so many times an even second's. */
const BURST = 2;
const BURST_AT_LEAST = 50;
/** Milliseconds' worth of a tenant's query cost that may be asked for at once. */
const QUERY_BURST = 500;
/** Records of an import that are taken at one turn. */
const RECORDS_AT_A_TURN = 64;
/** What a tenant's log says of its limits is looked at again after so many milliseconds. */
const TRUSTED_FOR = 5_000;
const MAX_TENANTS = 10_000;

interface Kept {
  readonly limits: TenantLimits;
  readonly readAt: number;
}

/**
 * What each tenant may take of the processes that serve all of them. Queries spend a budget that flows evenly, commands one by the
 * minute, and everything that is asked waits for its tenant's turn at the gate. What ends in the one log that all processes write to
 * is shared out among them; what only keeps one process busy is each one's own.
 */
export class Quotas {
  private readonly kept = new Map<string, Kept>();
  /** Places for requests that are worked on. Whoever finds one has it at once: what costs comes in turns, below. */
  private readonly gate = new FairGate({
    inFlight: (tenant) => this.limits(tenant).requestsInFlight,
    waiting: WAITING,
    patience: PATIENCE,
    nextTurn: (callback) => callback(),
  });
  /** What is let in has read its question by now, and takes its stretch of the event loop: one at each turn. */
  private readonly execution = new FairGate({
    inFlight: () => Infinity,
    waiting: { perTenant: Infinity, perPerson: Infinity },
    patience: PATIENCE,
  });
  private readonly queryCost = new Pace(QUERY_BURST);
  private readonly commandsBySecond = new Budget(1);
  private readonly commandsByMinute = new Budget(60);
  private readonly importedRecords = new Budget(1);
  private readonly sockets = new Places();
  private readonly subscriptions = new Places();
  private readonly imports = new Places();

  constructor(
    private readonly configured: TenantLimits,
    private readonly limitsOf: LimitsOf = () => ({}),
    /** Processes that serve the tenants; 0 while it is not known. */
    private readonly instances: () => number = () => 1,
  ) {}

  /** The limits that hold for a tenant. They are never waited for: a change comes into force within seconds. */
  limits(tenant: string): TenantLimits {
    const kept = this.kept.get(tenant);
    if (!kept || performance.now() - kept.readAt > TRUSTED_FOR) void this.readAgain(tenant, kept);
    return kept?.limits ?? this.configured;
  }

  /** Waits until the tenant has a place and no debt. */
  enter({ tenant, person }: Spender, gone?: AbortSignal): Promise<Entry> {
    if (this.gate.closedFor(tenant) > PATIENCE) return Promise.resolve({ kind: 'full' });
    return this.gate.enter(tenant, person, gone);
  }

  /** Waits for the stretch of the event loop in which a request that was let in is answered. */
  async stretch({ tenant, person }: Spender, gone?: AbortSignal): Promise<void> {
    const entry = await this.execution.enter(tenant, person, gone);
    if (entry.kind === 'in') entry.leave();
  }

  /** Waits for a turn for something that is done whatever it costs, however long that takes. */
  async turn({ tenant, person }: Spender, gone?: AbortSignal): Promise<void> {
    while (!gone?.aborted) {
      const entry = await this.gate.enter(tenant, person, gone);
      if (entry.kind === 'in') return this.stretch({ tenant, person }, gone).finally(entry.leave);
      await wait(WAITING_FOR_ROOM, undefined, gone && { signal: gone }).catch(() => undefined);
    }
  }

  /** In how many milliseconds it is worth asking again. */
  retryAfter(tenant: string): number {
    return Math.max(1_000, this.gate.closedFor(tenant));
  }

  /** Takes the cost of what is about to be answered. What is too much now, the tenant's next requests wait for. */
  spend({ tenant }: Spender, cost: number): void {
    const debt = this.queryCost.spend(tenant, cost, this.limits(tenant).queryCostPerSecond);
    if (debt > 0) this.gate.close(tenant, debt);
  }

  /** @returns undefined when they may be given; otherwise in how many milliseconds it is worth asking again */
  async command({ tenant }: Spender, commands: number): Promise<number | undefined> {
    const commandsPerMinute = this.share(this.limits(tenant).commandsPerMinute);
    const burst = Math.max(BURST_AT_LEAST, Math.ceil((commandsPerMinute / 60) * BURST));
    const soon = await this.commandsBySecond.spend(tenant, commands, burst);
    const later = soon || (await this.commandsByMinute.spend(tenant, commands, commandsPerMinute));
    return later || undefined;
  }

  openSocket({ tenant, person }: Spender): Release | undefined {
    const { sockets } = this.limits(tenant);
    return this.sockets.take(tenant, person, sockets, shareOf(sockets));
  }

  openSubscription({ tenant, person }: Spender): Release | undefined {
    const { subscriptions } = this.limits(tenant);
    return this.subscriptions.take(tenant, person, subscriptions, shareOf(subscriptions));
  }

  openImport({ tenant, person }: Spender): Release | undefined {
    const { imports } = this.limits(tenant);
    return this.imports.take(tenant, person, imports, shareOf(imports));
  }

  /**
   * Paces one import: to be awaited before each record. It is held back, and never refused half way.
   * @param gone aborted when the import has ended
   */
  importing(spender: Spender, gone: AbortSignal): () => Promise<void> | undefined {
    let records = 0;
    let turn: Promise<void> | undefined;
    return () => {
      // Records that are read meanwhile wait for the same turn.
      if (++records % RECORDS_AT_A_TURN === 0) turn = this.importTurn(spender, gone).finally(() => (turn = undefined));
      return turn;
    };
  }

  private async importTurn(spender: Spender, gone: AbortSignal): Promise<void> {
    const { tenant } = spender;
    const allowed = Math.max(1, Math.round(this.share(this.limits(tenant).importedRecordsPerMinute) / 60));
    const debt = await this.importedRecords.spend(tenant, RECORDS_AT_A_TURN, allowed);
    if (debt > 0) await wait(debt, undefined, { signal: gone }).catch(() => undefined);
    await this.turn(spender, gone);
  }

  /** This process's part of what a tenant may do in all of them. */
  private share(limit: number): number {
    return Math.ceil(limit / Math.max(1, this.instances()));
  }

  private async readAgain(tenant: string, kept: Kept | undefined): Promise<void> {
    this.keep(tenant, kept?.limits ?? this.configured);
    try {
      this.keep(tenant, { ...this.configured, ...(await this.limitsOf(tenant)) });
    } catch {
      // A store that does not answer is told of elsewhere; until it does, what was known holds.
    }
  }

  private keep(tenant: string, limits: TenantLimits): void {
    this.kept.set(tenant, { limits, readAt: performance.now() });
    if (this.kept.size > MAX_TENANTS) this.kept.delete(this.kept.keys().next().value!);
  }
}

/** Milliseconds after which it is looked again whether there is room to wait at the gate. */
const WAITING_FOR_ROOM = 50;

const shareOf = (limit: number): number => Math.max(1, Math.ceil(limit * PERSONS_SHARE));
