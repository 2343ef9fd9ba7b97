import type { Fence, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';

/** Somebody else has the lease by now, so nothing may be written under it; the transaction is to be rolled back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * The right of this process to work for a service on a tenant. While it has it nobody else does; work that was begun under it
 * asks before everything that others would see.
 */
export interface Lease {
  readonly tenant: TenantId;
  /** What appends carry; undefined where there is nobody to share with. */
  readonly fence: Fence | undefined;
  /** Aborted when nothing more is to be begun: another process should have the lease, or has it. */
  readonly signal: AbortSignal;
  /** Whether nobody else can have it, by this process's own monotonic clock: to be asked right before something is sent. */
  isHeld(): boolean;
  /**
   * Within a transaction, before anything is written: the lease changes hands only after the transaction's end.
   * @throws LeaseLost when it has changed hands already
   */
  guard(client: pg.ClientBase): Promise<void>;
  /** Runs work under the lease: it is given back only when the work has ended, which should be soon after `signal`. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Which tenants this process works on. */
export interface TenantLeases {
  /** The lease of a tenant, as long as work on it may be begun. A tenant that is not known yet is looked for. */
  of(tenant: TenantId): Lease | undefined;
  /** Calls whenever a lease was taken. @returns what ends it */
  onTaken(listener: (lease: Lease) => void): () => void;
}

/** For who works alone: every tenant, at all times. Nothing is compared, and each answer is as good as any other. */
export const alone: TenantLeases = {
  of: (tenant) => ({
    tenant,
    fence: undefined,
    signal: new AbortController().signal,
    isHeld: () => true,
    guard: () => Promise.resolve(),
    during: (work) => work(),
  }),
  onTaken: () => () => undefined,
};
