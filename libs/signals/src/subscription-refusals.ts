import { type Refusal, refuse } from '@cairn/event-sourcing';

/** Every reason for which a command for a subscription is refused. The codes are public and stable; the sentences are for people. */
export const subscriptionRefusals = {
  SUBSCRIPTION_EXISTS: 'This id was given to another subscription.',
  SUBSCRIPTION_UNKNOWN: 'The trial has no such subscription.',
  SUBSCRIPTION_CLOSED: 'The subscription is closed; open another one.',
  AUDIENCE_BEYOND_SIGHT: 'A subscription gets no more than whoever opens or changes it may see.',
  SITE_UNKNOWN: 'The trial has no such site.',
  RULE_UNKNOWN: 'The trial has no such rule.',
  URL_REFUSED: 'Alerts are sent to https addresses in public networks, without a name or password in them.',
  TOPIC_REFUSED: 'The tenant may not publish to this topic.',
  SINK_KIND_FIXED: 'A subscription keeps the kind of recipient that it was opened for; open another one.',
  TIME_ZONE_UNKNOWN: 'This is no time zone of the IANA database.',
  QUIET_HOURS_EMPTY: 'Quiet hours end at another time than they begin at.',
  NOT_FOR_TOPICS: 'Digests, quiet hours and secrets are for webhooks; to a topic each alert goes at once.',
  ALERT_UNKNOWN: 'The trial has no such alert.',
} as const;
export type SubscriptionRefusalCode = keyof typeof subscriptionRefusals;

export type SubscriptionRefused = { readonly kind: 'refused'; readonly refusal: Refusal<SubscriptionRefusalCode> };

/** @param field the input field at fault */
export const refusedSubscription = (code: SubscriptionRefusalCode, field?: string): SubscriptionRefused =>
  refuse(code, subscriptionRefusals[code], field);
