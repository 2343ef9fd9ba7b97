import { isIdentifier, isPlainText, isWithin, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';

/*
 * The values that events and commands of this context are made of. What events hold of them is a storage format: a
 * value may be added to an enumeration, never renamed.
 */

/** What the trial names things by, see `isIdentifier`. */
export const id = z.string().refine(isIdentifier, 'is not an identifier');

/** Free text of so many UTF-16 code units at the most, or such a text sealed, that says something. */
export const wordsUpTo = (max: number) =>
  z
    .string()
    .refine((value) => isWithin(value, max), `is longer than ${max} characters`)
    .refine((value) => value.trim() !== '', 'is empty')
    .refine(isPlainText, 'holds control characters');
export const words = wordsUpTo(4_000);

/** A time inside an event's data, kept as the RFC 3339 text that was given. */
export const timestamp = z
  .string()
  .refine((value) => parseInstant(value) !== undefined, 'is not an RFC 3339 timestamp with offset');
