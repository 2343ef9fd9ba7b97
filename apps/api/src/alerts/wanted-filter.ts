import { AlertFilter } from '@cairn/signals';
import { badInput } from '../graphql/errors.js';

/** Each part of a filter as a client gives it: checked here, and null means the same as nothing. */
type GivenFilter = Readonly<Partial<Record<keyof AlertFilter, unknown>>>;

/** @throws a typed error (BAD_USER_INPUT) */
export function wantedFilter(given: GivenFilter): AlertFilter {
  const named = Object.entries(given).filter(([, value]) => value != null);
  const read = AlertFilter.safeParse(Object.fromEntries(named));
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  throw badInput(`${path.join('.')}: ${message}`);
}
