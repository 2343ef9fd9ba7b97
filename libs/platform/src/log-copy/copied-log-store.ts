import {
  type Append,
  APPEND_MAX_EVENTS,
  type AppendOutcome,
  EventStoreUnavailable,
  Fenced,
  type Fence,
  type Placement,
  type TenantId,
} from '@cairn/event-sourcing';
import { setTimeout as wait } from 'node:timers/promises';
import type { KurrentLog, WriteOutcome } from '../kurrent/kurrent-log.js';
import type { LogStore } from '../log-store.js';
import { PostgresLog, type PostgresLogOptions } from '../postgres/postgres-log.js';
import { READ } from '../postgres/read-statements.js';
import { AwaitedCopies, type Copied, type Place } from './awaited-copies.js';
import { checkNesting } from './nesting.js';

export interface CopiedLogStoreOptions extends PostgresLogOptions {
  /** The store of record; closed together with this one. */
  readonly kurrent: Pick<KurrentLog, 'write' | 'ping' | 'close'>;
  /** How long an append waits until the copy has it, default 10,000 milliseconds. */
  readonly waitMs?: number;
}

const WAIT_MS = 10_000;

/**
 * The event store on KurrentDB, read from its copy in PostgreSQL: an append is written there and answered when it is here. So
 * whoever got an answer finds in every read what the answer speaks of.
 */
export class CopiedLogStore extends PostgresLog implements LogStore {
  private readonly kurrent: CopiedLogStoreOptions['kurrent'];
  private readonly awaited: AwaitedCopies;
  private underWay = 0;
  private deafen: (() => void) | undefined;

  constructor(options: CopiedLogStoreOptions) {
    super(options);
    this.kurrent = options.kurrent;
    this.awaited = new AwaitedCopies((tenant, places) => this.lookUp(tenant, places), options.waitMs ?? WAIT_MS);
  }

  async append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    if (this.closing.signal.aborted) throw new EventStoreUnavailable('the event store is closed');
    for (const { payload } of append.events) checkNesting(payload);
    this.deafen ??= this.onAppended((grown) => this.awaited.grown(grown));
    this.underWay++;
    try {
      if (append.fence) await this.checkFence(tenant, append.fence);
      return await this.answer(tenant, append, await this.kurrent.write(tenant, append));
    } finally {
      this.underWay--;
    }
  }

  override async ping(): Promise<void> {
    await Promise.all([super.ping(), this.kurrent.ping()]);
  }

  override async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    while (this.underWay > 0) await wait(5);
    this.deafen?.();
    this.awaited.close();
    await Promise.all([super.close(), this.kurrent.close()]);
  }

  private async answer(tenant: TenantId, append: Append, outcome: WriteOutcome): Promise<AppendOutcome> {
    switch (outcome.kind) {
      case 'appended': {
        const { stream, firstRevision, lastRevision } = outcome;
        const { position, recordedAt } = await this.awaited.copied(tenant, { stream, revision: lastRevision });
        // An append is one write, which nothing can come between; the copy keeps the order.
        const before = position - BigInt(append.events.length);
        const positions = append.events.map((_, ordinal) => before + BigInt(ordinal + 1));
        return { kind: 'appended', stream, firstRevision, positions, recordedAt };
      }
      case 'repeated':
        return { kind: 'repeated', ...(await this.placed(tenant, outcome)) };
      case 'conflict': {
        const { actual } = outcome;
        // Whoever decides again reads the stream here, and must not meet the same conflict.
        if (actual !== undefined) await this.awaited.copied(tenant, { stream: append.stream, revision: actual });
        return { kind: 'conflict', actual };
      }
      default:
        return outcome satisfies never;
    }
  }

  /** Where the events of a command were placed that was given before. */
  private async placed(
    tenant: TenantId,
    { stream, firstRevision }: { readonly stream: string; readonly firstRevision: number },
  ): Promise<Placement> {
    const { recordedAt } = await this.awaited.copied(tenant, { stream, revision: firstRevision });
    const events = await this.readStream(tenant, stream, { from: firstRevision, limit: APPEND_MAX_EVENTS });
    const next = events.findIndex((event) => event.commandId !== events[0]!.commandId);
    const own = next === -1 ? events : events.slice(0, next);
    return { stream, firstRevision, positions: own.map(({ position }) => position), recordedAt };
  }

  /**
   * A look before the write, no lock: KurrentDB knows no leases. Between the two the lease may change hands, so what is
   * appended under one has an id that follows from what it is about, and is there once whoever appends it.
   */
  private async checkFence(tenant: TenantId, { service, token }: Fence): Promise<void> {
    const [row] = await this.readRows<[string]>(tenant, READ.fence, [service]);
    if (row === undefined || BigInt(row[0]) !== token) {
      throw new Fenced(`the lease ${service} of this tenant has another token than ${token}`);
    }
  }

  private async lookUp(tenant: TenantId, places: readonly Place[]): Promise<readonly (Copied | undefined)[]> {
    const found = new Array<Copied | undefined>(places.length).fill(undefined);
    const rows = await this.readRows<[place: string, position: string, recorded: string]>(tenant, READ.places, [
      places.map(({ stream }) => stream),
      places.map(({ revision }) => revision),
    ]);
    for (const [place, position, recorded] of rows) {
      found[Number(place) - 1] = { position: BigInt(position), recordedAt: Math.round(Number(recorded)) };
    }
    return found;
  }
}
