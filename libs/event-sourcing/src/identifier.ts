import { createHash } from 'node:crypto';

/** Longest identifier accepted, in UTF-16 code units. */
export const IDENTIFIER_MAX_LENGTH = 100;

// eslint-disable-next-line no-control-regex -- finding control characters is the purpose
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
// eslint-disable-next-line no-control-regex -- the same without tab, line feed and carriage return
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;

/**
 * Whether a text can name a thing: 1 to 100 characters, no control characters, no white space at either end,
 * well-formed Unicode. Trials bring their own numbering ("S4-0012", "Zürich/3"), so nothing else is asked.
 */
export function isIdentifier(text: string): boolean {
  return (
    text.length > 0 &&
    text.length <= IDENTIFIER_MAX_LENGTH &&
    text.trim() === text &&
    !CONTROL_CHARACTER.test(text) &&
    text.isWellFormed()
  );
}

/** Whether free text can be stored: well-formed Unicode, no control characters but tab and line breaks. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !UNPRINTABLE.test(text);
}

/**
 * Joins identifiers into a stream name. Each part is percent-encoded, so no choice of ids can make two names meet. A part
 * that grows too long by it (a long id in another script) is replaced by its digest after a colon, which encoding leaves
 * to nobody: names keep within the limit of a stream name, and a name is still the prefix of those made of more parts.
 */
export const streamName = (...parts: readonly string[]): string => parts.map(namePart).join('/');

function namePart(part: string): string {
  const encoded = encodeURIComponent(part);
  if (encoded.length <= IDENTIFIER_MAX_LENGTH) return encoded;
  return `:${createHash('sha256').update(part).digest('hex')}`;
}
