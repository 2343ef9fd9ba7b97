export * from './events.js';
export * from './protocol.js';
