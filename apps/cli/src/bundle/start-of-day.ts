import { Temporal } from 'temporal-polyfill';

/**
 * When a calendar day begins in a zone, as RFC 3339 text in UTC. Not always midnight: where clocks go forward at midnight the day
 * begins at one o'clock.
 * @param day ISO text of a day that exists
 */
export function startOfDay(day: string, timeZone: string): string {
  return Temporal.PlainDate.from(day).toZonedDateTime({ timeZone }).toInstant().toString();
}
