import type { Identified, Instant } from '@cairn/event-sourcing';
import { isAskedFor, type RecordedAlert } from './alert.js';
import type { AlertSubscriptionEvent, AlertSubscriptionTerms } from './events.js';
import type { RuleAudience } from './rule.js';

/** Which of its secrets a subscription signs with. Each is derived from its number, see `webhookSecret`. */
export interface SecretGenerations {
  /** From 1. */
  readonly current: number;
  /** When it took over from the one before; undefined of the first. */
  readonly since: Instant | undefined;
}

/** What became of a subscription whose terms are known. */
interface Opened {
  readonly terms: AlertSubscriptionTerms;
  readonly openedAt: Instant;
  readonly secrets: SecretGenerations;
}

/**
 * What somebody asked to be sent, by what has become of it:
 * - `active`: alerts are sent;
 * - `paused`: they wait, and go on where they stopped;
 * - `disabled`: the recipient said that it is gone; resumed, they go on where they stopped;
 * - `closed`: for good.
 */
export type AlertSubscription =
  | { readonly kind: 'none' }
  | (Opened & { readonly kind: 'active' })
  | Stopped<'paused'>
  | Stopped<'disabled'>
  | Stopped<'closed'>;
type Stopped<Kind extends string> = Opened & { readonly kind: Kind; readonly stoppedAt: Instant };

export const noSubscription: AlertSubscription = { kind: 'none' };

export function evolveSubscription(
  subscription: AlertSubscription,
  event: AlertSubscriptionEvent | Identified<AlertSubscriptionEvent>,
): AlertSubscription {
  const { occurredAt } = event;
  if (event.type === 'AlertSubscriptionOpened') {
    return { kind: 'active', terms: event.data, openedAt: occurredAt, secrets: { current: 1, since: undefined } };
  }
  // The rules let nothing into the stream of a subscription before it is opened.
  if (subscription.kind === 'none') return subscription;
  const { terms, openedAt, secrets } = subscription;
  const opened = { terms, openedAt, secrets };
  switch (event.type) {
    case 'AlertSubscriptionChanged':
      return { ...subscription, terms: event.data };
    case 'AlertSubscriptionPaused':
      return { ...opened, kind: 'paused', stoppedAt: occurredAt };
    case 'AlertSubscriptionResumed':
      return { ...opened, kind: 'active' };
    case 'AlertSubscriptionClosed':
      return { ...opened, kind: 'closed', stoppedAt: occurredAt };
    case 'AlertSubscriptionDisabled':
      return { ...opened, kind: 'disabled', stoppedAt: occurredAt };
    case 'AlertReplayRequested':
      return subscription;
    case 'AlertSecretRotated':
      return { ...subscription, secrets: { current: event.data.generation, since: occurredAt } };
    default:
      return event satisfies never;
  }
}

/** How long after a rotation messages are signed with the secret before it too. */
const BOTH_SECRETS: Instant = 24 * 60 * 60 * 1_000;

/** The generations of the secrets that a message is signed with, the current one first. */
export const signingGenerations = ({ current, since }: SecretGenerations, now: Instant): readonly number[] =>
  since !== undefined && now < since + BOTH_SECRETS ? [current, current - 1] : [current];

/** Whether a subscriber may be told of what has this audience. */
export const mayBeTold = (terms: Pick<AlertSubscriptionTerms, 'audience'>, audience: RuleAudience): boolean =>
  audience === 'open' || terms.audience === 'delivery';

/** Whether an alert is one that a subscriber asked for and may be told. */
export const isFor = (
  terms: AlertSubscriptionTerms,
  { alert, audience }: Pick<RecordedAlert, 'alert' | 'audience'>,
): boolean => alert.data.trial === terms.trial && mayBeTold(terms, audience) && isAskedFor(alert, terms.filter);
