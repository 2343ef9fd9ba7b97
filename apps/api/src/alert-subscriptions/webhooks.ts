import { randomUUID } from 'node:crypto';
import { formatInstant, type Instant, type TenantId } from '@cairn/event-sourcing';
import type { Attempt } from '@cairn/platform/deliveries';
import { type EgressRefusal, webhookSecret, type WebhookSender } from '@cairn/platform/webhooks';
import { signingGenerations } from '@cairn/signals';
import type { SubscriptionSight } from './trial-subscriptions.js';

/** What the API has to do with webhooks itself: it shows their secrets once, and tries them out. */
export class Webhooks {
  /** @param secret what their secrets follow from; undefined where webhooks are not set up */
  constructor(
    private readonly secret: string | undefined,
    private readonly sender: Pick<WebhookSender, 'send' | 'fault'>,
    private readonly clock: () => Instant = Date.now,
  ) {}

  /** What speaks against sending to a URL, as far as it is known before its name is resolved. */
  fault(url: string): EgressRefusal | undefined {
    return this.sender.fault(url);
  }

  secretOf(tenant: TenantId, trial: string, subscription: string, generation: number): string | undefined {
    return this.secret && webhookSecret(this.secret, { tenant, trial, subscription, generation });
  }

  /**
   * Sends a message that says nothing but that it is one. It is no alert: nothing is recorded of it, and it is not tried again.
   * @returns undefined where there is nothing that it could be sent to
   */
  async test({ tenant, subscription }: SubscriptionSight): Promise<Attempt | undefined> {
    const { terms, secrets } = subscription;
    if (subscription.kind === 'closed' || terms.sink.kind !== 'webhook' || this.secret === undefined) return undefined;
    const at = this.clock();
    const id = randomUUID();
    const { trial, subscription: name } = terms;
    const message = {
      specversion: '1.0',
      id,
      source: `/tenants/${encodeURIComponent(tenant)}/trials/${encodeURIComponent(trial)}`,
      type: 'org.cairn.test.v1',
      subject: name,
      time: formatInstant(at),
      datacontenttype: 'application/json',
      data: { trial, subscription: name },
    };
    const outcome = await this.sender.send({
      ...{ url: terms.sink.url, id, body: JSON.stringify(message) },
      secrets: signingGenerations(secrets, at).map((each) => this.secretOf(tenant, trial, name, each)!),
    });
    const result = outcome.kind;
    return 'status' in outcome ? { at, result, status: outcome.status } : { at, result, why: outcome.why };
  }
}
