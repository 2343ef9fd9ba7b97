/** Milliseconds since 1970-01-01T00:00:00Z: a point on the time line, without a zone. */
export type Instant = number;

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** In UTC too the year has four digits, so that what was read can be written and read again. */
const EARLIEST: Instant = Date.UTC(100, 0, 1);
const LATEST: Instant = Date.UTC(10_000, 0, 1) - 1;

/**
 * Reads an RFC 3339 timestamp. The offset is required: a local time without one is ambiguous when clocks change.
 * Digits below the millisecond are cut off.
 * @returns undefined when the text is not such a timestamp or names a day, hour or offset that does not exist
 */
export function parseInstant(text: string): Instant | undefined {
  const parts = RFC_3339.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', offset] = parts;
  // Date.UTC would read the years 0 to 99 as 1900 to 1999; no trial needs them.
  if (Number(year) < 100) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const utcDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (utcDay.getUTCMonth() !== Number(month) - 1 || utcDay.getUTCDate() !== Number(day)) return undefined;
  const offsetMinutes = readOffset(offset!);
  if (offsetMinutes === undefined) return undefined;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const secondOfDay = Number(hour) * 3600 + (Number(minute) - offsetMinutes) * 60 + Number(second);
  const instant = utcDay.getTime() + secondOfDay * 1000 + milliseconds;
  return instant < EARLIEST || instant > LATEST ? undefined : instant;
}

/** Writes an instant as RFC 3339 in UTC with milliseconds, the one form Cairn itself writes. */
export const formatInstant = (instant: Instant): string => new Date(instant).toISOString();

/** Minutes east of UTC; no place on Earth has used more than 14 hours. */
function readOffset(offset: string): number | undefined {
  if (offset === 'Z' || offset === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
