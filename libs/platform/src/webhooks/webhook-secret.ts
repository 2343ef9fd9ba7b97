import { createHmac } from 'node:crypto';
import type { TenantId } from '@cairn/event-sourcing';

/** Which of a subscription's secrets. */
export interface SecretOf {
  readonly tenant: TenantId;
  readonly trial: string;
  readonly subscription: string;
  /** From 1; each rotation takes the next. */
  readonly generation: number;
}

/**
 * The secret that messages to a webhook are signed with, in the form of Standard Webhooks. It is kept nowhere: it follows
 * from the installation's own secret and from whose it is, so that whoever has the database has no secrets.
 * @param master of the installation; another one gives every subscription another secret
 */
export const webhookSecret = (master: string, { tenant, trial, subscription, generation }: SecretOf): string =>
  `whsec_${createHmac('sha256', master)
    .update(JSON.stringify(['webhook', tenant, trial, subscription, generation]))
    .digest('base64')}`;
