/**
 * Whether a text of JSON is in the form of RFC 8785, for texts in which that is plain to see: no escapes, no numbers but
 * short whole ones. Of anything else it is not said, and the text has to be written anew to know. Telling by writing takes
 * some times as long, and this is asked of every event that is recorded.
 * @param json a text that is JSON, as the store keeps none else
 */
export function isPlainlyCanonical(json: string): boolean {
  // Escapes have forms that are not canonical, and half of a surrogate pair has none that is.
  if (json.includes('\\') || !json.isWellFormed()) return false;
  return afterValue(json, 0) === json.length;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
/** Digits that every double has. */
const DIGITS_MAX = 15;
const NOWHERE = -1;

/** @returns where the text goes on after a value that is plainly canonical; -1 when it is not */
function afterValue(json: string, at: number): number {
  switch (json.charCodeAt(at)) {
    case QUOTE:
      return json.indexOf('"', at + 1) + 1;
    case OBJECT:
      return afterMembers(json, at + 1);
    case LIST:
      return afterElements(json, at + 1);
    case 0x74:
      return json.startsWith('true', at) ? at + 4 : NOWHERE;
    case 0x66:
      return json.startsWith('false', at) ? at + 5 : NOWHERE;
    case 0x6e:
      return json.startsWith('null', at) ? at + 4 : NOWHERE;
    default:
      return afterNumber(json, at);
  }
}

function afterMembers(json: string, from: number): number {
  if (json.charCodeAt(from) === OBJECT_END) return from + 1;
  let before: string | undefined;
  for (let at = from; ;) {
    if (json.charCodeAt(at) !== QUOTE) return NOWHERE;
    const end = json.indexOf('"', at + 1);
    const name = json.slice(at + 1, end);
    if (before !== undefined && name <= before) return NOWHERE;
    before = name;
    if (json.charCodeAt(end + 1) !== COLON) return NOWHERE;
    at = afterValue(json, end + 2);
    if (at === NOWHERE) return NOWHERE;
    const next = json.charCodeAt(at);
    if (next === OBJECT_END) return at + 1;
    if (next !== COMMA) return NOWHERE;
    at++;
  }
}

function afterElements(json: string, from: number): number {
  if (json.charCodeAt(from) === LIST_END) return from + 1;
  for (let at = from; ;) {
    at = afterValue(json, at);
    if (at === NOWHERE) return NOWHERE;
    const next = json.charCodeAt(at);
    if (next === LIST_END) return at + 1;
    if (next !== COMMA) return NOWHERE;
    at++;
  }
}

function afterNumber(json: string, from: number): number {
  const first = json.charCodeAt(from) === MINUS ? from + 1 : from;
  let at = first;
  for (let digit = json.charCodeAt(at); digit >= ZERO && digit <= NINE; digit = json.charCodeAt(at)) at++;
  const digits = at - first;
  // Zero has no sign, and more digits than it needs are not JSON.
  if (digits === 0 || digits > DIGITS_MAX || (first > from && json.charCodeAt(first) === ZERO)) return NOWHERE;
  return at;
}
