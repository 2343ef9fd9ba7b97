import { z } from 'zod';
import { Meaning } from './events.js';
import { id, words } from './vocabulary.js';

/*
 * What is asked of this context, under the names of the API's mutations. It happens when it is asked for, and who asks is
 * who is signed in; neither comes with the command.
 */

const ofQuery = { trial: id, query: id };

/** Commands for the stream of one query. */
export const QueryCommand = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('raiseQuery'),
    ...ofQuery,
    /** What it is about: a record, or a participant, or a site. */
    event: z.uuid().toLowerCase().optional(),
    participant: id.optional(),
    site: id.optional(),
    text: words,
  }),
  z.object({ type: z.literal('answerQuery'), ...ofQuery, text: words }),
  z.object({ type: z.literal('reopenQuery'), ...ofQuery, text: words }),
  z.object({ type: z.literal('closeQuery'), ...ofQuery, text: words.optional() }),
]);
export type QueryCommand = z.infer<typeof QueryCommand>;

/** Signs a record, by the id of the event that holds it as it stands, or a cut: one of the two. */
export const SignContent = z
  .object({
    type: z.literal('signContent'),
    trial: id,
    /** A new id. */
    signature: id,
    event: z.uuid().toLowerCase().optional(),
    cut: id.optional(),
    meaning: Meaning,
  })
  .refine(({ event, cut }) => (event === undefined) !== (cut === undefined), {
    path: ['event'],
    message: 'is to be given, or a cut, and not both',
  });
export type SignContent = z.infer<typeof SignContent>;
