/*
 * Free text about a participant is stored sealed: only who has the participant's key can read it. Contexts hold such a text
 * like any other; all they know of it is how it begins and how long it may be.
 */

/** What a sealed text begins with, and nothing that somebody typed does. The number is that of the way of sealing. */
export const SEALED_PREFIX = 'sealed:v1:';
/** What no typed text may begin with: later ways of sealing are kept free as well. */
export const SEALED_RESERVED = 'sealed:';

/** Bytes beside the text's own: a synthetic IV of 12 and a tag of 16. */
export const SEAL_OVERHEAD_BYTES = 28;
/** UTF-8 bytes that a UTF-16 code unit can make. */
const UTF8_MAX = 3;

export const isSealedText = (text: string): boolean => text.startsWith(SEALED_PREFIX);

/** Whether a text, or what was sealed in it, can have so many UTF-16 code units at the most. */
export const isWithin = (text: string, max: number): boolean =>
  text.length <= max || (isSealedText(text) && text.length <= sealedLength(max * UTF8_MAX));

/** Length of a sealed text, in characters, for so many UTF-8 bytes. */
const sealedLength = (bytes: number): number =>
  SEALED_PREFIX.length + Math.ceil(((bytes + SEAL_OVERHEAD_BYTES) * 4) / 3);
