import type { EventStore, TenantId } from '@cairn/event-sourcing';

/** Calls when a tenant's log has grown; a call may come late or not at all, so whoever listens also looks now and then. */
export type AppendedListener = (tenant: TenantId) => void;

/** The event store as the services have it, whatever keeps the log: with calls when a log has grown, and an end. */
export interface LogStore extends EventStore {
  /** Calls for every growth of a log, of whichever process. @returns what ends it */
  onAppended(listener: AppendedListener): () => void;

  /** To be called when a log has grown past this store: readers learn of it as of an append. */
  appendedElsewhere(tenant: TenantId): void;

  /** @throws EventStoreUnavailable when what keeps the log does not answer, its own error when it has no log of Cairn */
  ping(): Promise<void>;

  /** Ends subscriptions and connections; appends under way are finished first. */
  close(): Promise<void>;
}

/** Nest's token for the event store of a service. */
export const LOG_STORE = Symbol('log store');
