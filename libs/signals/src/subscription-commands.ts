import { isUuid, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';
import { AlertFilter, AlertSink, Digest, QuietHours } from './events.js';
import { id, wordsUpTo } from './vocabulary.js';

/*
 * What is asked of subscriptions, under the names of the API's mutations. It happens when it is asked for, and who asks is
 * who is signed in; neither comes with the command.
 */

/** A client that says nothing of a member may say `null` of it. */
const withoutNulls = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && !Array.isArray(given)
    ? Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
    : given;
const said = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(withoutNulls, schema);

const ofSubscription = { trial: id, subscription: id };
const terms = {
  ...ofSubscription,
  name: wordsUpTo(200),
  sink: said(AlertSink),
  audience: z.enum(['open', 'delivery']),
  filter: said(AlertFilter).default({}),
  digest: said(Digest).optional(),
  quietHours: said(QuietHours).optional(),
};

/** Commands for the stream of one subscription. */
export const AlertSubscriptionCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('openAlertSubscription'), ...terms }),
  /** All that it says, not what is different. */
  z.object({ type: z.literal('changeAlertSubscription'), ...terms }),
  z.object({ type: z.literal('pauseAlertSubscription'), ...ofSubscription }),
  z.object({ type: z.literal('resumeAlertSubscription'), ...ofSubscription }),
  z.object({ type: z.literal('closeAlertSubscription'), ...ofSubscription }),
  z.object({
    type: z.literal('requestAlertReplay'),
    ...ofSubscription,
    /** The id of an alert, or an RFC 3339 timestamp: what was recorded after it is sent again. */
    after: z
      .string()
      .refine((text) => isUuid(text) || parseInstant(text) !== undefined, 'is no id of an alert and no timestamp'),
  }),
  z.object({ type: z.literal('rotateAlertSecret'), ...ofSubscription }),
]);
export type AlertSubscriptionCommand = z.infer<typeof AlertSubscriptionCommand>;

/** What the relay records by itself: the recipient answered that it is gone. */
export interface DisableSubscription {
  readonly type: 'disableAlertSubscription';
  readonly trial: string;
  readonly subscription: string;
}
