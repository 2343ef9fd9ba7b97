import type { Instant } from '@cairn/event-sourcing';
import { Temporal } from 'temporal-polyfill';
import type { Digest, QuietHours } from './events.js';
import type { Severity } from './rule.js';
import { isAtLeast } from './alert.js';

/*
 * When a subscriber wants to be sent something. Times of day are those of a time zone: where clocks go forward over one, it
 * is the moment as long after the jump; where it comes twice, it is the first.
 */

/**
 * Until when an alert is held back by quiet hours; undefined: it is not. The time they begin at is in them, the time they
 * end at is not.
 * @param timeZone of the trial, for hours that name none
 */
export function quietUntil(
  quiet: QuietHours,
  timeZone: string,
  now: Instant,
  severity: Severity | undefined,
): Instant | undefined {
  if (quiet.except !== undefined && severity !== undefined && isAtLeast(severity, quiet.except)) return undefined;
  const zone = quiet.timeZone ?? timeZone;
  const today = dayOf(now, zone);
  const overnight = quiet.from >= quiet.to ? 1 : 0;
  for (const day of [today.subtract({ days: 1 }), today]) {
    const until = at(day.add({ days: overnight }), quiet.to, zone);
    if (at(day, quiet.from, zone) <= now && now < until) return until;
  }
  return undefined;
}

/**
 * When the last digest was due.
 * @param timeZone of the trial, for digests that name none
 * @returns the latest of its times that is not after `now`
 */
export function lastDigest(digest: Digest, timeZone: string, now: Instant): Instant {
  const zone = digest.timeZone ?? timeZone;
  const today = dayOf(now, zone);
  const ofToday = at(today, digest.at, zone);
  return ofToday <= now ? ofToday : at(today.subtract({ days: 1 }), digest.at, zone);
}

/** When the next digest is due: the first of its times after `now`. */
export function nextDigest(digest: Digest, timeZone: string, now: Instant): Instant {
  const zone = digest.timeZone ?? timeZone;
  const today = dayOf(now, zone);
  const ofToday = at(today, digest.at, zone);
  return ofToday > now ? ofToday : at(today.add({ days: 1 }), digest.at, zone);
}

const dayOf = (instant: Instant, zone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate();

const at = (day: Temporal.PlainDate, clock: string, zone: string): Instant =>
  day.toZonedDateTime({ timeZone: zone, plainTime: clock }).epochMilliseconds;
