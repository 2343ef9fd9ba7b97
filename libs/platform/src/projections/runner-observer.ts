import type { Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { Halt } from './page-fold.js';

/**
 * Is told what a runner does as it does it: for logs and metrics. What it throws in `folded`, `written` or `committed`
 * fails the page as a lost connection at that point would.
 */
export interface RunnerObserver {
  /** Events were read that are folded now. */
  read?(tenant: TenantId, events: readonly RecordedEvent[]): void;
  /** A page is folded, nothing of it is stored. */
  folded?(tenant: TenantId): void | Promise<void>;
  /** Rows and checkpoints are written, not committed. */
  written?(tenant: TenantId): void | Promise<void>;
  /** `milliseconds` from the page in hand to its commit. */
  committed?(
    tenant: TenantId,
    page: { readonly events: number; readonly position: Position; readonly milliseconds: number },
  ): void | Promise<void>;
  /** A projection stopped at an event it cannot fold. */
  halted?(tenant: TenantId, halt: Halt & { readonly name: string }): void;
  /** Work on a log failed and is tried again after a pause. */
  failed?(tenant: TenantId | undefined, error: unknown): void;
  /** A building of read models has come so far. */
  building?(progress: {
    readonly names: readonly string[];
    readonly events: number;
    readonly of: number;
  }): void | Promise<void>;
  /** A new building serves. */
  swapped?(built: {
    readonly name: string;
    readonly generation: number;
    readonly version: number;
  }): void | Promise<void>;
}
