export * from './webhooks/egress-guard.js';
export { type AllowedNetworks, readNetworks } from './webhooks/public-address.js';
export * from './webhooks/webhook-secret.js';
export * from './webhooks/webhook-sender.js';
