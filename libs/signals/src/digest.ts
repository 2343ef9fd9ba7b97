import { formatInstant, type Instant, uuidV5 } from '@cairn/event-sourcing';
import type { Alert } from './alert.js';
import type { AlertSubscriptionTerms } from './events.js';

/** Alerts in one message at the most; more of them are sent in further ones. */
export const DIGEST_MAX = 500;

/** One message with what would have been many: ids and links, as each of them has. */
export interface DigestMessage {
  readonly specversion: '1.0';
  /** The same for the same time and part of a subscription, however often it is made. */
  readonly id: string;
  readonly source: string;
  readonly type: 'org.cairn.digest.v1';
  /** The subscription. */
  readonly subject: string;
  /** When it was due. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: {
    readonly trial: string;
    readonly subscription: string;
    /** In the order in which they were recorded. */
    readonly alerts: readonly (Pick<Alert, 'id' | 'type' | 'time'> &
      Pick<Alert['data'], 'site' | 'signal' | 'kind' | 'rule' | 'severity' | 'link'>)[];
  };
}

/**
 * The messages with the alerts that were collected until a digest was due; none when there are no alerts.
 * @param alerts in the order in which they were recorded
 */
export function digestsOf(
  { trial, subscription }: Pick<AlertSubscriptionTerms, 'trial' | 'subscription'>,
  due: Instant,
  alerts: readonly Alert[],
): readonly DigestMessage[] {
  const parts = Array.from({ length: Math.ceil(alerts.length / DIGEST_MAX) }, (_, part) =>
    alerts.slice(part * DIGEST_MAX, (part + 1) * DIGEST_MAX),
  );
  return parts.map((part) => {
    const first = part[0]!;
    return {
      specversion: '1.0',
      id: uuidV5(JSON.stringify(['digest', first.source, subscription, formatInstant(due), first.id])),
      source: first.source,
      type: 'org.cairn.digest.v1',
      subject: subscription,
      time: formatInstant(due),
      datacontenttype: 'application/json',
      data: {
        trial,
        subscription,
        alerts: part.map(({ id, type, time, data: { site, signal, kind, rule, severity, link } }) => ({
          ...{ id, type, time },
          ...{ site, signal, kind, rule, severity, link },
        })),
      },
    };
  });
}
