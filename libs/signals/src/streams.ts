import { streamName, uuidV5 } from '@cairn/event-sourcing';
import type { SignalSubject } from './events.js';

export const signalStream = (trial: string, signal: string): string => streamName(trial, 'signal', signal);
export const signalRulesStream = (trial: string): string => streamName(trial, 'signal-rules');
export const alertSubscriptionStream = (trial: string, subscription: string): string =>
  streamName(trial, 'alert-subscription', subscription);

/** The id of the signal of a cause: the same, however often the cause is found and by whichever version of the rule. */
export const signalId = (trial: string, rule: string, { kind, id }: SignalSubject, cause: string): string =>
  uuidV5(JSON.stringify(['signal', trial, rule, kind, id, cause]));
