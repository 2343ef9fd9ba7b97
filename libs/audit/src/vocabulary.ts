import { isIdentifier, isPlainText, isWithin, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';

/*
 * The values that events and commands of this context are made of. What events hold of them is a storage format: a
 * value may be added to an enumeration, never renamed.
 */

/** What the trial names things by, see `isIdentifier`. */
export const id = z.string().refine(isIdentifier, 'is not an identifier');

/** Free text that says something; 4,000 UTF-16 code units at the most, or such a text sealed. */
export const words = z
  .string()
  .refine((value) => isWithin(value, 4_000), 'is longer than 4000 characters')
  .refine((value) => value.trim() !== '', 'is empty')
  .refine(isPlainText, 'holds control characters');

/** A time inside an event's data, kept as the RFC 3339 text that was given. */
export const timestamp = z
  .string()
  .refine((value) => parseInstant(value) !== undefined, 'is not an RFC 3339 timestamp with offset');

/** SHA-256, as 64 hexadecimal digits in lower case. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hexadecimal');
