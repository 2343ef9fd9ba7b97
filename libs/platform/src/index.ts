export * from './postgres/database.js';
export * from './postgres/embedded-postgres.js';
export * from './postgres/migrate.js';
export * from './postgres/postgres-event-store.js';
