export { InvalidKurrentUrl } from './kurrent/connection-settings.js';
export { KurrentRefused } from './kurrent/failure.js';
export { KurrentEventStore, type KurrentEventStoreOptions } from './kurrent/kurrent-event-store.js';
export { type AllRange, type KurrentLog, RecordedElsewhere, type WriteOutcome } from './kurrent/kurrent-log.js';
