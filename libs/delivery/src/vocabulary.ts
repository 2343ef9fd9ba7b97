import { isIdentifier, isPlainText, isWithin, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';

/*
 * The values that events and commands of this context are made of. What events hold of them is a storage format: a
 * value may be added to an enumeration, never renamed.
 */

/** What the trial names things by, see `isIdentifier`. */
export const id = z.string().refine(isIdentifier, 'is not an identifier');

/** Longest free text, in UTF-16 code units. */
export const NOTE_MAX_LENGTH = 4_000;
/** Free text of so many UTF-16 code units at the most, or such a text sealed. */
export const textUpTo = (max: number) =>
  z
    .string()
    .refine((value) => isWithin(value, max), `is longer than ${max} characters`)
    .refine(isPlainText, 'holds control characters');
export const text = textUpTo(NOTE_MAX_LENGTH);

/** A text that must say something. */
export const words = text.refine((value) => value.trim() !== '', 'is empty');

/** A time inside an event's data, kept as the RFC 3339 text that was given. */
export const timestamp = z
  .string()
  .refine((value) => parseInstant(value) !== undefined, 'is not an RFC 3339 timestamp with offset');

/** When a thing happened: whole milliseconds, within the years that RFC 3339 can write. */
export const instant = z
  .int()
  .min(parseInstant('0100-01-01T00:00:00Z')!)
  .max(parseInstant('9999-12-31T23:59:59.999Z')!);

/** A working day has 1,440 minutes at the most. */
export const minutes = z.int().min(0).max(1_440);

/** How the peer worker and the participant met. */
export const ContactMode = z.enum(['face_to_face', 'telephone', 'video', 'text']);
export type ContactMode = z.infer<typeof ContactMode>;

/** What became of a contact: only `attended` is one that counts, all others are attempts. */
export const ContactOutcome = z.enum([
  'attended',
  'participant_absent',
  'on_leave',
  'cancelled_by_participant',
  'cancelled_by_provider',
]);
export type ContactOutcome = z.infer<typeof ContactOutcome>;

/** Weekly in the group, alone where needed, or among coordinators of several sites. */
export const SupervisionKind = z.enum(['group', 'individual', 'action_learning_set']);
export type SupervisionKind = z.infer<typeof SupervisionKind>;

/** Three scopes, three denominators: the intervention, the follow-up, any use of the data. */
export const WithdrawalScope = z.enum(['intervention', 'follow_up', 'data_use']);
export type WithdrawalScope = z.infer<typeof WithdrawalScope>;
