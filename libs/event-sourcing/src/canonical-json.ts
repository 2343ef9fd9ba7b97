import { parseInstant } from './time.js';

/**
 * The one text of a JSON value by RFC 8785: no white space, members in the order of the UTF-16 code units of their names,
 * numbers and strings as ECMAScript writes them. Like `JSON.stringify`, it leaves out members that are undefined and lets
 * objects with `toJSON` speak for themselves.
 * @throws TypeError for a number that JSON does not have, or a text with half of a surrogate pair: both would be written as
 * something else
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('a text with half of a surrogate pair has no canonical JSON');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (speaksForItself(value)) return canonicalJson(value.toJSON());
      return Array.isArray(value) ? `[${value.map(elementText).join(',')}]` : objectText(value);
    default:
      throw new TypeError(`a value of type ${typeof value} has no JSON`);
  }
}

const speaksForItself = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function';

/** In a list, what JSON does not have is null: leaving it out would move what follows. */
const elementText = (element: unknown): string =>
  element === undefined || typeof element === 'function' ? 'null' : canonicalJson(element);

function objectText(members: object): string {
  const texts = Object.keys(members)
    .sort()
    .flatMap((name) => {
      const member = (members as Readonly<Record<string, unknown>>)[name];
      return member === undefined || typeof member === 'function'
        ? []
        : [`${canonicalJson(name)}:${canonicalJson(member)}`];
    });
  return `{${texts.join(',')}}`;
}

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
