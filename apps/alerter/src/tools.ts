import type { EventCatalogue, Instant } from '@cairn/event-sourcing';
import type { Database, LogStore } from '@cairn/platform';
import type { TenantLeases } from '@cairn/platform/leases';
import type { StoreTracing } from '@cairn/platform/tracing';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Configuration } from './configuration.js';

/** What the parts of the alerter work with. */
export interface AlerterTools {
  readonly configuration: Configuration;
  readonly store: LogStore;
  /** Without a collector nothing is traced. */
  readonly traced?: StoreTracing | undefined;
  /** Which tenants this process works on. */
  readonly leases: TenantLeases;
  /** As `cairn_alerter`, to whom the schema `alerting` belongs. */
  readonly database: Database;
  /** Every event type of the product. */
  readonly catalogue: EventCatalogue;
  readonly logger: Logger;
  /** Where metrics are registered. */
  readonly registry: Registry;
  /** The database's time. */
  readonly now: () => Instant;
}
