export * from './bundle-files.js';
export * from './false-alarms.js';
export * from './history.js';
export * from './plan.js';
export * from './plans.js';
export * from './records.js';
export * from './simulate-trial.js';
export * from './tally.js';
