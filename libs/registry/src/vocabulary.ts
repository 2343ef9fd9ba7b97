import { isIdentifier, isPlainText, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';
import { isTimeZone } from './time-zone.js';

/* The values that events, protocols and commands of this context are made of. */

export const id = z.string().refine(isIdentifier, 'is not an identifier');

export const text = z
  .string()
  .max(4_000)
  .refine((value) => value.trim() !== '', 'is empty')
  .refine(isPlainText, 'holds control characters');

/** A calendar day, as in `2017-01-31`, in the trial's time zone. */
export const date = z.iso.date();

export const timeZone = z.string().refine(isTimeZone, 'is not a time zone of the IANA database');

/** A time inside an event's data, kept as the RFC 3339 text that was given. */
export const timestamp = z
  .string()
  .refine((value) => parseInstant(value) !== undefined, 'is not an RFC 3339 timestamp with offset');

/** When a thing happened: whole milliseconds, within the years that RFC 3339 can write. */
export const instant = z
  .int()
  .min(parseInstant('0100-01-01T00:00:00Z')!)
  .max(parseInstant('9999-12-31T23:59:59.999Z')!);
