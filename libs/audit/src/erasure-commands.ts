import { z } from 'zod';
import { id, words } from './vocabulary.js';

/*
 * What is asked of this context about erasures. It happens when it is asked for, and who asks is who is signed in; neither
 * comes with the command.
 */

const ofErasure = { trial: id, participant: id, request: id, reason: words };

/** Commands for the stream of one participant's erasure. */
export const ErasureCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('requestErasure'), ...ofErasure }),
  z.object({ type: z.literal('eraseParticipant'), ...ofErasure }),
  z.object({ type: z.literal('denyErasure'), ...ofErasure }),
]);
export type ErasureCommand = z.infer<typeof ErasureCommand>;
