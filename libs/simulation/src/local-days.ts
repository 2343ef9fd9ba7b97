import type { Instant } from '@cairn/event-sourcing';
import { Temporal } from 'temporal-polyfill';

const DAY = 86_400_000;

/** The calendar days of one zone, numbered from 1970-01-01. */
export class LocalDays {
  private readonly starts = new Map<number, Instant>();
  private readonly terms = new Map<number, number>();

  constructor(readonly timeZone: string) {}

  /** The first instant of a day. */
  startOf(day: number): Instant {
    const start = this.starts.get(day) ?? plainDay(day).toZonedDateTime(this.timeZone).epochMilliseconds;
    this.starts.set(day, start);
    return start;
  }

  /**
   * So many minutes after a day began; never a time that the clocks leave out. What is planned for a day that the zone leaves
   * out as a whole (30 December 2011 in Apia) happens in the last minutes before it, so that later stays later.
   * @param minutes below 1,440
   */
  at(day: number, minutes: number): Instant {
    const start = this.startOf(day);
    return this.startOf(day + 1) > start ? start + minutes * 60_000 : start - (1_440 - minutes) * 1_000;
  }

  /** So many months later, clamped to the month's end. */
  monthsAfter(day: number, months: number): number {
    const key = day * 1_000 + months;
    const later =
      this.terms.get(key) ?? numberOfDay(plainDay(day).add({ months }, { overflow: 'constrain' }).toString());
    this.terms.set(key, later);
    return later;
  }
}

/** The day on which an instant falls, as ISO text. */
export const localDayOf = (instant: Instant, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();

/** A day as ISO text. */
export const isoDay = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);

/** The number of a day that is ISO text. */
export const numberOfDay = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY;

const plainDay = (day: number): Temporal.PlainDate => Temporal.PlainDate.from(isoDay(day));

/** Whether there is such a zone. */
export function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}
