import type { Instant } from '@cairn/event-sourcing';
import { z } from 'zod';
import { type Clearance, SignalOutcome, type signalRaising } from './events.js';
import { type Severity, SignalRule } from './rule.js';
import { id, timestamp, words } from './vocabulary.js';

/*
 * What is asked of signals: by people, under the names of the API's mutations, and by the watch, which gives its own
 * commands and is asked for none.
 */

const ofSignal = { trial: id, signal: id };
const noted = { ...ofSignal, note: words.optional() };

/** Commands of people for the stream of one signal. */
export const SignalCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('acknowledgeSignal'), ...noted }),
  /** To whoever is to look after it. */
  z.object({ type: z.literal('assignSignal'), ...ofSignal, person: id }),
  z.object({ type: z.literal('snoozeSignal'), ...noted, until: timestamp }),
  z.object({ type: z.literal('escalateSignal'), ...noted }),
  z.object({ type: z.literal('resolveSignal'), ...noted, outcome: SignalOutcome }),
  z.object({ type: z.literal('recordSignalOutcome'), ...noted, outcome: SignalOutcome }),
]);
export type SignalCommand = z.infer<typeof SignalCommand>;

/** A version of a rule, for the stream of a trial's rules. */
export const PublishSignalRule = z.object({
  type: z.literal('publishSignalRule'),
  trial: id,
  definition: SignalRule,
  reason: words,
});
export type PublishSignalRule = z.infer<typeof PublishSignalRule>;

/** What the watch finds of one signal. Given again, each leads to nothing. */
export type WatchCommand =
  /** `from`: when it began to hold; `over`: why it does no more, since `until`, where it was over before it was found. */
  | {
      readonly type: 'raiseSignal';
      readonly raising: z.infer<typeof signalRaising>;
      readonly from: Instant;
      readonly over?: Clearance | undefined;
    }
  | { readonly type: 'clearSignal'; readonly why: Clearance; readonly at: Instant }
  | { readonly type: 'returnSignal'; readonly at: Instant }
  /** The time of its snooze is over. */
  | { readonly type: 'wakeSignal' }
  /** Nobody acknowledged it. `to` says how urgent it is by then, so that it is escalated once. */
  | { readonly type: 'escalateUnattended'; readonly to: Severity; readonly at: Instant };
