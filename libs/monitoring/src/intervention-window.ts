import type { Instant } from '@cairn/event-sourcing';
import type { InterventionWindow } from '@cairn/registry/protocol';
import { Temporal } from 'temporal-polyfill';

/** The calendar day on which an instant falls in a time zone. */
export const localDay = (instant: Instant, timeZone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate();

/** The first instant of a calendar day; not always midnight, where clocks go forward at midnight. */
export const startOfDay = (day: Temporal.PlainDate, timeZone: string): Instant =>
  day.toZonedDateTime(timeZone).epochMilliseconds;

/**
 * When the intervention window closes: contacts before this instant count, those at or after it do not. It is the end of
 * the calendar day, in the trial's time zone, that lies the window's months (clamped to the month's end: 31 October + 4
 * months = 28 or 29 February) or 7·n days after the day of the index discharge.
 */
export const interventionWindowClose = (dischargedAt: Instant, window: InterventionWindow, timeZone: string): Instant =>
  closeOfDay(localDay(dischargedAt, timeZone), window, timeZone);

/** `interventionWindowClose` for one trial; a day's answer is worked out once. */
export function windowCloser(window: InterventionWindow, timeZone: string): (dischargedAt: Instant) => Instant {
  const closes = new Map<string, Instant>();
  return (dischargedAt) => {
    const day = localDay(dischargedAt, timeZone);
    const key = day.toString();
    const close = closes.get(key) ?? closeOfDay(day, window, timeZone);
    closes.set(key, close);
    return close;
  };
}

const closeOfDay = (day: Temporal.PlainDate, window: InterventionWindow, timeZone: string): Instant =>
  startOfDay(lastDay(day, window).add({ days: 1 }), timeZone);

const lastDay = (day: Temporal.PlainDate, window: InterventionWindow): Temporal.PlainDate =>
  'weeksAfterDischarge' in window
    ? day.add({ weeks: window.weeksAfterDischarge })
    : day.add({ months: window.monthsAfterDischarge }, { overflow: 'constrain' });
