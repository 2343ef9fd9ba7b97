export * from './commands.js';
export { participantDecider } from './decide-participant.js';
export { siteRecordDecider } from './decide-site-record.js';
export { trainingDecider } from './decide-training.js';
export * from './events.js';
export { deliveryRefusals, type DeliveryRefusalCode } from './refusals.js';
export * from './roster.js';
export * from './routes.js';
export * from './streams.js';
