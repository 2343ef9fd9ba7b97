import { endOfDay, lastDay, localDay } from './calendar.js';

const DAY = 86_400_000;

/** The local days of a stretch of time, written out one after another. */
export class OracleDays {
  /** The first instant of each day; the last one is the end of the day before it. */
  readonly starts: number[] = [];
  private readonly days: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly found = new Map<number, number>();
  private readonly closes = new Map<number, number>();

  /** From the day of UTC before one instant to some days after another. */
  constructor(zone: string, from: number, to: number) {
    const first = Math.floor(from / DAY) - 2;
    const last = Math.floor(to / DAY) + 2;
    for (let day = first; day <= last; day++) {
      const before = new Date((day - 1) * DAY).toISOString().slice(0, 10);
      const iso = new Date(day * DAY).toISOString().slice(0, 10);
      this.numbers.set(iso, this.days.length);
      this.days.push(iso);
      // Most days begin 24 hours after the one before; the others are searched for.
      const usual = (this.starts.at(-1) ?? NaN) + DAY;
      const begins = !Number.isNaN(usual) && localDay(usual - 1, zone) === before && localDay(usual, zone) === iso;
      this.starts.push(begins ? usual : endOfDay(before, zone));
    }
  }

  /** Which of the days an instant is in. */
  numberOf(at: number): number {
    const known = this.found.get(at) ?? this.search(at);
    this.found.set(at, known);
    return known;
  }

  private search(at: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || low === this.starts.length) throw new Error('The days written out do not reach so far.');
    return low - 1;
  }

  /** When a day begins. */
  startOf(day: string): number {
    return this.start(this.numbers.get(day)!);
  }

  start(number: number): number {
    const start = this.starts[number];
    if (start === undefined) throw new Error('The days written out do not reach so far.');
    return start;
  }

  /** The first instant after so many days, the day of the instant being day 0. */
  after(at: number, days: number): number {
    return this.start(this.numberOf(at) + days + 1);
  }

  /** When the window of somebody discharged then closes. */
  close(at: number, window: { months: number } | { weeks: number }): number {
    const number = this.numberOf(at);
    const known = this.closes.get(number) ?? this.start(this.numbers.get(lastDay(this.days[number]!, window))! + 1);
    this.closes.set(number, known);
    return known;
  }
}
