import { isUuid, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';
import { AlertFilter, AlertSink, Digest, QuietHours } from './events.js';
import { id, wordsUpTo } from './vocabulary.js';

/*
 * What is asked of subscriptions, under the names of the API's mutations. It happens when it is asked for, and who asks is
 * who is signed in; neither comes with the command.
 */

/** Of a client, who may say `null` of a member that they say nothing of. */
const given = <Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) =>
  z
    .object(Object.fromEntries(Object.entries(schema.shape).map(([name, member]) => [name, z.nullish(member)])))
    .transform((members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)))
    .pipe(schema as z.ZodType<z.output<typeof schema>, Record<string, unknown>>);

const ofSubscription = { trial: id, subscription: id };
const terms = {
  ...ofSubscription,
  name: wordsUpTo(200),
  sink: AlertSink,
  audience: z.enum(['open', 'delivery']),
  filter: given(AlertFilter).default({}),
  digest: given(Digest).optional(),
  quietHours: given(QuietHours).optional(),
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
