import {
  noteOf,
  type NoteSigner,
  openNote,
  parseVerifierKey,
  type VerifierKey,
  verifierKeyText,
} from './signed-note.js';

/** First line of the note; the two keys follow, one a line. */
const ROTATION = 'cairn key rotation';

/**
 * The note by which one key hands over to the next: it names both, and both sign it. That two signatures stand under one
 * checkpoint would say nothing, for anybody can add theirs.
 */
export function rotationNote(before: NoteSigner, after: NoteSigner): string {
  const text = `${[ROTATION, ...[before, after].map(({ key }) => verifierKeyText(key))].join('\n')}\n`;
  return noteOf({ text, signatures: [before.sign(text), after.sign(text)] });
}

/** The two keys of such a note. @returns undefined for a note that is none, or that one of them has not signed */
export function readRotation(note: string): readonly [before: VerifierKey, after: VerifierKey] | undefined {
  const [first, ...named] = note.split('\n', 3);
  const [before, after] = named.map(parseVerifierKey);
  if (first !== ROTATION || !before || !after) return undefined;
  const opened = openNote(note, [before, after]);
  if ('problem' in opened || opened.verifiedBy.length < 2) return undefined;
  return opened.text === `${[ROTATION, ...named].join('\n')}\n` ? [before, after] : undefined;
}
