export * from './deliveries/delivery-log.js';
export * from './deliveries/delivery-queue.js';
export type * from './deliveries/delivery.js';
