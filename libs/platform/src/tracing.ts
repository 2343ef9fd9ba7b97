export * from './tracing/open-tracing.js';
export * from './tracing/store-tracing.js';
export * from './tracing/trace-ids.js';
export * from './tracing/tracing.js';
