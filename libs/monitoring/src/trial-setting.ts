import type { Instant } from '@cairn/event-sourcing';
import type { EngagementDefinition, Protocol } from '@cairn/registry/protocol';
import { Temporal } from 'temporal-polyfill';
import { engagementDefinitions } from './engagement-definitions.js';
import { TimelineReader } from './engagement.js';
import { localDay, startOfDay } from './intervention-window.js';
import { protocolAt, type RegisteredSite, type RegisteredWorker, type TrialRegister } from './trial-register.js';

/** Calendar days of one zone; each is worked out once. */
export class TrialCalendar {
  private readonly days = new Map<Instant, Temporal.PlainDate>();
  private readonly starts = new Map<string, Instant>();
  private readonly startsByNumber = new Map<number, Instant>();
  private readonly turnedBack = new Map<number, boolean>();
  private readonly terms = new Map<string, Instant>();

  constructor(readonly timeZone: string) {}

  /** The day on which an instant falls. */
  dayOf(instant: Instant): Temporal.PlainDate {
    const day = this.days.get(instant) ?? localDay(instant, this.timeZone);
    this.days.set(instant, day);
    return day;
  }

  /** The day on which an instant falls, counted from 1970-01-01. */
  numberOf(instant: Instant): number {
    return this.plainNumberOf(instant) ?? numberOfDay(this.dayOf(instant).toString());
  }

  /** The first instant of a day. */
  startOf(day: Temporal.PlainDate): Instant {
    const key = day.toString();
    const start = this.starts.get(key) ?? startOfDay(day, this.timeZone);
    this.starts.set(key, start);
    return start;
  }

  /** The first instant of a day that is counted from 1970-01-01. */
  startOfNumber(number: number): Instant {
    const start = this.startsByNumber.get(number) ?? this.startOf(EPOCH.add({ days: number }));
    this.startsByNumber.set(number, start);
    return start;
  }

  /**
   * As `numberOf`, from the beginnings of days alone; a hundred thousand times a calendar is slow. Undefined in the first
   * hours of a day on which clocks go back then, so that it may be the day before again.
   */
  private plainNumberOf(instant: Instant): number | undefined {
    // No zone is more than 15 hours from Greenwich, so it is this day or one beside it.
    const about = Math.floor(instant / DAY);
    for (const number of [about, about - 1, about + 1]) {
      if (instant < this.startOfNumber(number) || instant >= this.startOfNumber(number + 1)) continue;
      return instant < this.startOfNumber(number) + SOON && this.isTurnedBack(number) ? undefined : number;
    }
    return undefined;
  }

  private isTurnedBack(number: number): boolean {
    const start = this.startOfNumber(number);
    const known = this.turnedBack.get(number) ?? this.offsetAt(start + SOON) < this.offsetAt(start);
    this.turnedBack.set(number, known);
    return known;
  }

  private offsetAt(instant: Instant): number {
    return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(this.timeZone).offsetNanoseconds;
  }

  /**
   * The first instant after the last day of a term: the day of `instant` with the term added, which counts to its end.
   * Months are clamped to their end.
   */
  endOfTerm(instant: Instant, term: { readonly days: number } | { readonly months: number }): Instant {
    const key = `${this.numberOf(instant)} ${'days' in term ? `${term.days} days` : `${term.months} months`}`;
    const end =
      this.terms.get(key) ?? this.startOf(this.dayOf(instant).add(term, { overflow: 'constrain' }).add({ days: 1 }));
    this.terms.set(key, end);
    return end;
  }
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Clocks never go back by so much, but where a whole day is repeated; no place has done that since 1892. */
const SOON = 3 * HOUR;
const EPOCH = Temporal.PlainDate.from('1970-01-01');

/** An ISO day, counted from 1970-01-01. */
export const numberOfDay = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY;

/** What numbers depend on beside the records: the register and the protocol in force. */
export interface TrialSetting {
  readonly register: TrialRegister;
  readonly version: number;
  readonly protocol: Protocol;
  readonly calendar: TrialCalendar;
  readonly reader: TimelineReader;
  /** By rising id. */
  readonly definitions: readonly EngagementDefinition[];
  readonly sites: ReadonlyMap<string, RegisteredSite>;
  readonly workers: ReadonlyMap<string, RegisteredWorker>;
}

/** The setting at an instant. */
export function trialSetting(
  register: TrialRegister,
  asOf: Instant,
  calendar = new TrialCalendar(register.timeZone),
): TrialSetting {
  const { version, protocol } = protocolAt(register, asOf);
  return {
    register,
    version,
    protocol,
    calendar,
    reader: new TimelineReader({ timeZone: register.timeZone, protocol }),
    definitions: engagementDefinitions(protocol),
    sites: new Map(register.sites.map((site) => [site.site, site])),
    workers: new Map(register.workers.map((worker) => [worker.worker, worker])),
  };
}
