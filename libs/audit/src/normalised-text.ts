/** Characters that are not seen: they must not keep the digits of a number apart. */
const UNSEEN =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]/g;
const SPACE = /[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2028\u2029]/g;
const DASH = /[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d]/g;
const DIGIT = /(?![0-9])\p{Nd}/gu;

/**
 * A text with what looks alike made one: compatibility forms (NFKC), digits of any script as 0 to 9, every kind of space
 * and dash as the plain one, what cannot be seen left out.
 */
export const normalised = (text: string): string =>
  isPlain(text)
    ? text.replaceAll(/[\t\n\r]/g, ' ')
    : text
        .replaceAll(UNSEEN, '')
        .normalize('NFKC')
        .replaceAll(UNSEEN, '')
        .replaceAll(DIGIT, digitOf)
        .replaceAll(SPACE, ' ')
        .replaceAll(DASH, '-');

// eslint-disable-next-line no-control-regex -- ASCII is what it is about
const isPlain = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

const digits = new Map<string, string>();

/** Decimal digits of every script lie in tens, the zero first (Unicode, general category Nd); now and then two tens meet. */
function digitOf(character: string): string {
  const known = digits.get(character);
  if (known !== undefined) return known;
  const point = character.codePointAt(0)!;
  let zero = point;
  while (isDigit(zero - 1)) zero--;
  const digit = String((point - zero) % 10);
  digits.set(character, digit);
  return digit;
}

const isDigit = (point: number): boolean => /\p{Nd}/u.test(String.fromCodePoint(point));
