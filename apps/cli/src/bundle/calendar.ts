import { Temporal } from 'temporal-polyfill';

/** Whether a name is one of the IANA time zone database ("Europe/London", "UTC"). */
export function isTimeZone(name: string): boolean {
  // A fixed offset like "+01:00" is understood by Intl as well, but has no clock changes: windows would come out wrong.
  if (name !== 'UTC' && !name.includes('/')) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/**
 * When a calendar day begins in a zone, as RFC 3339 text in UTC. Not always midnight: where clocks go forward at midnight the day
 * begins at one o'clock.
 * @param day ISO text of a day that exists
 */
export function startOfDay(day: string, timeZone: string): string {
  return Temporal.PlainDate.from(day).toZonedDateTime({ timeZone }).toInstant().toString();
}
