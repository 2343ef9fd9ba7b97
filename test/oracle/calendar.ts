/*
 * Local days by way of Intl's formatting, and date arithmetic by counting: shares nothing with the product, which asks
 * Temporal.
 */

const formats = new Map<string, Intl.DateTimeFormat>();
const days = new Map<string, string>();

/** The ISO day on which an instant falls in a zone. */
export function localDay(instant: number, zone: string): string {
  const key = `${zone} ${instant}`;
  const known = days.get(key);
  if (known) return known;
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', { timeZone: zone, year: 'numeric', month: 'numeric', day: 'numeric' });
  formats.set(zone, format);
  const part = (type: string): string => format.formatToParts(instant).find((each) => each.type === type)!.value;
  const day = iso(Number(part('year')), Number(part('month')), Number(part('day')));
  days.set(key, day);
  return day;
}

/** The last day of the window after a discharge on this day. */
export function lastDay(day: string, window: { months: number } | { weeks: number }): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  if ('months' in window) {
    const total = year * 12 + (month - 1) + window.months;
    const [newYear, newMonth] = [Math.floor(total / 12), (total % 12) + 1];
    return iso(newYear, newMonth, Math.min(date, daysIn(newYear, newMonth)));
  }
  let [y, m, d] = [year, month, date];
  for (let i = 0; i < window.weeks * 7; i++) {
    d++;
    if (d > daysIn(y, m)) {
      d = 1;
      m++;
    }
    if (m > 12) {
      m = 1;
      y++;
    }
  }
  return iso(y, m, d);
}

/** The first millisecond of the day after, found by halving. */
export function endOfDay(day: string, zone: string): number {
  let inside = Date.parse(`${day}T00:00:00Z`) - 30 * 3_600_000;
  let outside = inside + 90 * 3_600_000;
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (localDay(middle, zone) <= day) inside = middle;
    else outside = middle;
  }
  return outside;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const iso = (year: number, month: number, day: number): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
