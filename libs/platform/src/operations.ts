export * from './operations/database-needs.js';
export * from './operations/measured-store.js';
export * from './operations/measures.js';
export * from './operations/probes.js';
export * from './operations/readiness.js';
export * from './operations/service-metrics.js';
export * from './operations/store-metrics.js';
