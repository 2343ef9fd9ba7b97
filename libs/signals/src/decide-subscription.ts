import { accept, canonicalJson, type Decider, type Decision, type Instant, type Position } from '@cairn/event-sourcing';
import type { AlertSubscriptionEvent, AlertSubscriptionTerms } from './events.js';
import type { AlertSubscriptionCommand, DisableSubscription } from './subscription-commands.js';
import { refusedSubscription as refused, type SubscriptionRefused } from './subscription-refusals.js';
import { type AlertSubscription, evolveSubscription, noSubscription } from './subscription.js';

type Command = AlertSubscriptionCommand | DisableSubscription;
type Terms = Extract<AlertSubscriptionCommand, { type: 'openAlertSubscription' | 'changeAlertSubscription' }>;

/** What the rules look at beside the stream. What is not known is not there. */
export interface SubscriptionWorld {
  readonly now: Instant;
  readonly roster?: { readonly hasSite: (site: string) => boolean };
  readonly hasRule?: (rule: string) => boolean;
  /** Whether whoever asks may see signals about the delivery of the intervention, of the whole trial. */
  readonly seesDelivery?: boolean;
  /** Whether a webhook's address is one that messages may be sent to. */
  readonly mayBeSentTo?: (url: string) => boolean;
  /** Whether the tenant may publish to a topic. */
  readonly mayPublishTo?: (topic: string) => boolean;
  readonly isTimeZone?: (name: string) => boolean;
  /** Where that lies in the log after which alerts are to be sent again. */
  readonly replayAfter?: Position | undefined;
}

function decide(
  command: Command,
  subscription: AlertSubscription,
  world: SubscriptionWorld,
): Decision<AlertSubscriptionEvent> {
  if (command.type === 'openAlertSubscription') return open(command, subscription, world);
  if (subscription.kind === 'none') return refused('SUBSCRIPTION_UNKNOWN', 'subscription');
  const { trial, subscription: id } = command;
  const said = { occurredAt: world.now, data: { trial, subscription: id } };
  if (command.type === 'closeAlertSubscription') {
    return subscription.kind === 'closed' ? accept() : accept({ type: 'AlertSubscriptionClosed', ...said });
  }
  if (subscription.kind === 'closed') return refused('SUBSCRIPTION_CLOSED', 'subscription');
  switch (command.type) {
    case 'changeAlertSubscription':
      return change(command, subscription.terms, world);
    case 'pauseAlertSubscription':
      // One that is disabled is stopped already; paused, it would be forgotten that the recipient is gone.
      return subscription.kind === 'active' ? accept({ type: 'AlertSubscriptionPaused', ...said }) : accept();
    case 'resumeAlertSubscription':
      return subscription.kind === 'active' ? accept() : accept({ type: 'AlertSubscriptionResumed', ...said });
    case 'disableAlertSubscription':
      return subscription.kind === 'disabled'
        ? accept()
        : accept({ type: 'AlertSubscriptionDisabled', ...said, data: { ...said.data, why: 'gone' } });
    case 'requestAlertReplay': {
      const { replayAfter } = world;
      if (replayAfter === undefined) return refused('ALERT_UNKNOWN', 'after');
      return accept({ type: 'AlertReplayRequested', ...said, data: { ...said.data, after: String(replayAfter) } });
    }
    case 'rotateAlertSecret': {
      if (subscription.terms.sink.kind !== 'webhook') return refused('NOT_FOR_TOPICS', 'subscription');
      const generation = subscription.secrets.current + 1;
      return accept({ type: 'AlertSecretRotated', ...said, data: { ...said.data, generation } });
    }
    default:
      return command satisfies never;
  }
}

function open(
  command: Terms,
  subscription: AlertSubscription,
  world: SubscriptionWorld,
): Decision<AlertSubscriptionEvent> {
  const terms = termsOf(command);
  if (subscription.kind === 'closed') return refused('SUBSCRIPTION_CLOSED', 'subscription');
  if (subscription.kind !== 'none') {
    return areSame(terms, subscription.terms) ? accept() : refused('SUBSCRIPTION_EXISTS', 'subscription');
  }
  return faultOf(terms, world) ?? accept({ type: 'AlertSubscriptionOpened', occurredAt: world.now, data: terms });
}

function change(
  command: Terms,
  before: AlertSubscriptionTerms,
  world: SubscriptionWorld,
): Decision<AlertSubscriptionEvent> {
  const terms = termsOf(command);
  if (terms.sink.kind !== before.sink.kind) return refused('SINK_KIND_FIXED', 'sink');
  // Also of what stays as it is: whoever changes a subscription answers for all that it says.
  const fault = faultOf(terms, world);
  if (fault) return fault;
  return areSame(terms, before)
    ? accept()
    : accept({ type: 'AlertSubscriptionChanged', occurredAt: world.now, data: terms });
}

const termsOf = ({ type: _, ...terms }: Terms): AlertSubscriptionTerms => terms;

const areSame = (one: AlertSubscriptionTerms, other: AlertSubscriptionTerms): boolean =>
  canonicalJson(one) === canonicalJson(other);

/** The rules for what a subscription says; the first that is broken is the answer. */
const termRules: readonly ((
  terms: AlertSubscriptionTerms,
  world: SubscriptionWorld,
) => SubscriptionRefused | undefined)[] = [
  ({ audience }, { seesDelivery }) =>
    audience === 'delivery' && !seesDelivery ? refused('AUDIENCE_BEYOND_SIGHT', 'audience') : undefined,
  ({ filter: { sites = [] } }, { roster }) =>
    sites.every((site) => roster?.hasSite(site)) ? undefined : refused('SITE_UNKNOWN', 'filter'),
  ({ filter: { rules = [] } }, { hasRule }) =>
    rules.every((rule) => hasRule?.(rule)) ? undefined : refused('RULE_UNKNOWN', 'filter'),
  ({ sink }, { mayBeSentTo }) =>
    sink.kind === 'webhook' && !mayBeSentTo?.(sink.url) ? refused('URL_REFUSED', 'sink') : undefined,
  ({ sink }, { mayPublishTo }) =>
    sink.kind === 'kafka' && !mayPublishTo?.(sink.topic) ? refused('TOPIC_REFUSED', 'sink') : undefined,
  ({ sink, digest, quietHours }) =>
    sink.kind === 'kafka' && (digest ?? quietHours)
      ? refused('NOT_FOR_TOPICS', digest ? 'digest' : 'quietHours')
      : undefined,
  ({ digest }, world) => zoneFault(digest, 'digest', world),
  ({ quietHours }, world) => zoneFault(quietHours, 'quietHours', world),
  ({ quietHours }) =>
    quietHours && quietHours.from === quietHours.to ? refused('QUIET_HOURS_EMPTY', 'quietHours') : undefined,
];

function faultOf(terms: AlertSubscriptionTerms, world: SubscriptionWorld): SubscriptionRefused | undefined {
  for (const rule of termRules) {
    const fault = rule(terms, world);
    if (fault) return fault;
  }
  return undefined;
}

const zoneFault = (
  times: { readonly timeZone?: string | undefined } | undefined,
  field: string,
  { isTimeZone }: SubscriptionWorld,
): SubscriptionRefused | undefined =>
  times?.timeZone !== undefined && !isTimeZone?.(times.timeZone) ? refused('TIME_ZONE_UNKNOWN', field) : undefined;

/** What becomes of a subscription. */
export const subscriptionDecider: Decider<Command, AlertSubscriptionEvent, AlertSubscription, SubscriptionWorld> = {
  initial: noSubscription,
  decide,
  evolve: evolveSubscription,
};
