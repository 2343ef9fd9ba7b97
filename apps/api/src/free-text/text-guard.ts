import { findIdentifier, type IdentifierKind, type IdentifierRules } from '@cairn/audit';
import { type Refusal, SEALED_RESERVED } from '@cairn/event-sourcing';
import { textsOf } from './members.js';

/** Code of a text that tells who somebody is. */
export const IDENTIFIER_IN_TEXT = 'IDENTIFIER_IN_TEXT';

const words: Readonly<Record<IdentifierKind, string>> = {
  nhs_number: 'an NHS number',
  email: 'an email address',
  phone: 'a telephone number',
  postcode: 'a postcode',
  date_of_birth: 'a date of birth',
  bare_date: 'a date',
  hospital_number: 'a hospital number',
};

/** What is wrong with a text as it was typed; what it says is never repeated. */
export type TextFault =
  | { readonly kind: 'malformed'; readonly path: string; readonly message: string }
  | { readonly kind: 'identifying'; readonly refusal: Refusal };

/** The first fault of a command's free texts. */
export function faultInTexts(command: { readonly type: string }, rules: IdentifierRules): TextFault | undefined {
  for (const { path, text, kind, max } of textsOf(command)) {
    // Nobody brings a sealed text along: it would be stored unlooked at, and opened as somebody's.
    if (text.startsWith(SEALED_RESERVED)) return { kind: 'malformed', path, message: 'begins like a sealed text' };
    if (max !== undefined && text.length > max) {
      return { kind: 'malformed', path, message: `is longer than ${max} characters` };
    }
    if (kind === 'register') continue;
    const found = findIdentifier(text, rules);
    if (found) return { kind: 'identifying', refusal: refusalOf(path, found.kind) };
  }
  return undefined;
}

const refusalOf = (path: string, kind: IdentifierKind): Refusal => ({
  code: IDENTIFIER_IN_TEXT,
  message: `${path}: holds what looks like ${words[kind]} (${kind}). Say it without what tells who somebody is.`,
  field: path.split('.')[0]!,
});
