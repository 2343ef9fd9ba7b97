export * from './alert.js';
export * from './events.js';
export * from './rule.js';
export * from './streams.js';
