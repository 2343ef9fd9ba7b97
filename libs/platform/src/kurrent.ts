export { type AllRange, type KurrentLog, RecordedElsewhere, type WriteOutcome } from './kurrent/kurrent-log.js';
