/**
 * What is kept of alerts beside the log, and comes back with it: how far everybody was sent what they asked for, and what is
 * on its way. Without it a restore would begin with every subscription anew.
 */
export const ALERTING_TABLES = ['watch', 'timer', 'subscriber', 'delivery', 'kafka_relay'] as const;
export type AlertingTable = (typeof ALERTING_TABLES)[number];
