export { ALERTING_TABLES, type AlertingTable } from './backup/alerting-tables.js';
export * from './backup/backup-source.js';
export * from './backup/restore-target.js';
export type { FanOut } from './fan-out/fan-out.js';
export { PostgresFanOut, type PostgresFanOutOptions } from './fan-out/postgres-fan-out.js';
export * from './log-store.js';
export * from './postgres/database.js';
export * from './postgres/event-history.js';
export { type EventRow, readEvent } from './postgres/event-row.js';
export * from './postgres/events-of-types.js';
export * from './postgres/known-positions.js';
export * from './postgres/event-restoration.js';
export { LogNotEmpty, NoLog } from './postgres/restoration.js';
export * from './postgres/scope-events.js';
export * from './postgres/stored-events.js';
export { isPassing } from './postgres/failure.js';
export { DirectoryInUse, leaseDirectory } from './postgres/embedded/directory-lease.js';
export { useEmbeddedPostgres } from './postgres/embedded/use-embedded-postgres.js';
export * from './postgres/embedded-postgres.js';
export { migrate, MigrationFailed, migrationFiles, numberOf } from './postgres/migrate.js';
export * from './postgres/postgres-event-store.js';
export { PostgresLog, type PostgresLogOptions } from './postgres/postgres-log.js';
export * from './postgres/service-logins.js';
export * from './postgres/wait-for-schema.js';
export type { RebuildBudget } from './projections/fold-logs.js';
export type { Generation, GenerationState } from './projections/generation.js';
export type { Halt } from './projections/page-fold.js';
export type { ProjectedNotice } from './projections/projected-notice.js';
export {
  DefinitionChanged,
  defineProjection,
  InvalidProjection,
  type PoisonPolicy,
  type ProjectionDefinition,
} from './projections/projection-definition.js';
export * from './projections/projection-runner.js';
export type { GenerationStatus, RebuildProgress } from './projections/read-model-status.js';
export * from './projections/read-models.js';
export type { RunnerObserver } from './projections/runner-observer.js';
export * from './proofs/proof-store.js';
