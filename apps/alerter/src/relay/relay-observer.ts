import type { TenantId } from '@cairn/event-sourcing';
import type { AttemptResult, SubscriberKey } from '@cairn/platform/deliveries';
import { instantNow, type StoreTracing } from '@cairn/platform/tracing';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** Which message was sent, and when, in milliseconds since 1970. */
export interface SentMessage {
  readonly tenant: TenantId;
  readonly message: string;
  readonly start: number;
}

/** What happens in the relay is told to whoever keeps metrics and the log. */
export interface RelayObserver {
  attempted(result: AttemptResult, sent?: SentMessage): void;
  /** A message has had its last attempt. */
  dead(tenant: TenantId, subscriber: SubscriberKey): void;
  /** A recipient is gone. */
  disabled(tenant: TenantId, subscriber: SubscriberKey): void;
  /** How many of a tenant's webhooks have so many dead letters that nothing is sent to them. */
  stalled(tenant: TenantId, webhooks: number): void;
  /** Something failed, and is tried again. */
  failed(tenant: TenantId | undefined, error: unknown): void;
}

/** Metrics, and a line in the log for what somebody should look at. No line has a URL: it may hold a secret. */
export function relayObserver(
  registry: Registry,
  logger: Pick<Logger, 'warn' | 'error'>,
  traced?: StoreTracing,
): RelayObserver {
  const registers = [registry];
  const attempts = new Counter({
    name: 'cairn_webhook_attempts_total',
    help: 'Attempts to send a webhook, by what they came to.',
    labelNames: ['result'],
    registers,
  });
  const dead = new Counter({
    name: 'cairn_webhook_given_up_total',
    help: 'Messages that had their last attempt.',
    registers,
  });
  const failures = new Counter({
    name: 'cairn_webhook_failures_total',
    help: 'What failed in the relay itself and was tried again.',
    registers,
  });
  const stalledOf = new Map<TenantId, number>();
  return {
    attempted: (result, sent) => {
      attempts.inc({ result });
      if (!traced || !sent) return;
      const { tenant, message: id, start } = sent;
      void traced.sent('webhook.deliver', { tenant, id }, { start, end: instantNow(), result });
    },
    dead: () => dead.inc(),
    disabled: (tenant, { trial, subscription }) =>
      logger.warn({ tenant, trial, subscription }, 'a webhook is gone; its subscription is disabled'),
    stalled: (tenant, webhooks) => {
      if ((stalledOf.get(tenant) ?? 0) < webhooks) {
        logger.warn({ tenant, webhooks }, 'nothing is sent to webhooks whose dead letters nobody has looked at');
      }
      stalledOf.set(tenant, webhooks);
    },
    failed: (tenant, error) => {
      failures.inc();
      logger.error({ tenant, err: error }, 'the relay of webhooks failed; it is tried again');
    },
  };
}
