export * from './operations/database-needs.js';
export * from './operations/probes.js';
export * from './operations/readiness.js';
