import { parseInstant } from './time.js';

/** JSON with the members of every object in the order of their names: equal values have equal texts. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (isObject(member) ? inOrder(member) : member));

/**
 * A text that is equal for two values exactly when they say the same: an absent member equals an undefined one, lists
 * are read as sets, and times by the instant they name, not by their spelling (`10:00+01:00` is `09:00Z`).
 * @param times names of the members that hold RFC 3339 text
 */
export const contentText = (value: unknown, times: ReadonlySet<string>): string =>
  JSON.stringify(value, (name, member: unknown) => {
    if (times.has(name) && typeof member === 'string') return parseInstant(member) ?? member;
    if (Array.isArray(member)) return (member as unknown[]).map((each) => contentText(each, times)).sort();
    return isObject(member) ? inOrder(member) : member;
  });

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const inOrder = (members: object): object =>
  Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
