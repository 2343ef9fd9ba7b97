export * from './leases/database-clock.js';
export * from './leases/guard-lease.js';
export * from './leases/instances.js';
export * from './leases/lease.js';
export * from './leases/lease-log.js';
export * from './leases/lease-metrics.js';
export * from './leases/leases.js';
