import { normalised } from './normalised-text.js';

/** What tells who somebody is, when it stands in a text. */
export const identifierKinds = [
  'nhs_number',
  'email',
  'phone',
  'postcode',
  'date_of_birth',
  'bare_date',
  'hospital_number',
] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

/** What is looked for where nobody said otherwise. Notes are full of dates of contacts, so a date alone tells nobody's birth. */
export const usualKinds: readonly IdentifierKind[] = [
  'nhs_number',
  'email',
  'phone',
  'postcode',
  'date_of_birth',
  'hospital_number',
];

/** What is looked for in the texts of a trial, and what passes all the same. */
export interface IdentifierRules {
  /** Absent: the usual ones. */
  readonly refuse?: readonly IdentifierKind[] | undefined;
  /** How a hospital numbers its patients: `#` is a digit, `@` a letter, everything else itself in either case. */
  readonly hospitalNumbers?: readonly string[] | undefined;
  /** Texts that are nobody's, as the trial's own telephone number; white space and case do not matter. */
  readonly allow?: readonly string[] | undefined;
}

/** Where something was found. What it says is not repeated. */
export interface FoundIdentifier {
  readonly kind: IdentifierKind;
}

/**
 * The first identifier in a text, in the order of the kinds. Takes a time proportional to the text's length: every pattern
 * has bounded repetitions that begin at a character nothing before them can be.
 */
export function findIdentifier(text: string, rules: IdentifierRules = {}): FoundIdentifier | undefined {
  const plain = withoutAllowed(normalised(text), rules.allow ?? []);
  const refused = new Set(rules.refuse ?? usualKinds);
  for (const kind of identifierKinds) {
    if (refused.has(kind) && finders[kind](plain, rules)) return { kind };
  }
  return undefined;
}

type Finder = (text: string, rules: IdentifierRules) => boolean;

const some = (text: string, pattern: RegExp, isOne: (match: string) => boolean = () => true): boolean => {
  for (const [match] of text.matchAll(pattern)) if (isOne(match)) return true;
  return false;
};

/** Digits that white space or dashes may keep apart, or in groups of three, three and four behind another number. */
const TEN_DIGITS =
  /(?<!\d|\d[.,/]|\d[ -]{1,3})\d(?:[ -]{0,3}\d){9}(?!\d|[.,/]\d|[ -]{1,3}\d)|(?<!\d|\d[.,/])\d{3}([ -]{0,3})\d{3}\1\d{4}(?!\d|[.,/]\d)/g;

/** Ten digits of which the last checks the others (NHS Data Dictionary, modulus 11). */
function isNhsNumber(text: string): boolean {
  const digits = Array.from(text.replaceAll(/[ -]/g, ''), Number);
  const sum = digits.slice(0, 9).reduce((total, digit, index) => total + digit * (10 - index), 0);
  const check = (11 - (sum % 11)) % 11;
  // Ten equal digits would pass; nobody has such a number.
  return check !== 10 && check === digits[9] && new Set(digits).size > 1;
}

const EMAIL = /(?<![\w.+%'-])[\w.+%'-]{1,64}@(?=[a-z\d])(?:[\p{L}\d-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\d])/giu;

/**
 * With a country's code, or with a 0 and at least two more digits before anything keeps them apart: what begins with a date
 * has fewer.
 */
const PHONE = /(?<!\d)(?:(?:\+ ?|00)\(?[1-9](?:[ ().-]{0,3}\d){7,13}|\(?0\d{2}(?:[ ().-]{0,3}\d){7,8})(?!\d)/g;

/** After the country's code or the 0 nine or ten digits, none of which begin with 0 (Ofcom's numbering plan). */
function isPhone(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '').replace(/^00/, '');
  if (!/^(?:\+|00)/.test(text)) return isNational(digits.slice(1));
  return digits.startsWith('44') ? isNational(digits.slice(2).replace(/^0/, '')) : digits.length >= 9;
}

/** Geographic, mobile and other numbers have ten digits, some of the oldest areas and free numbers nine or fewer. */
const isNational = (digits: string): boolean => /^(?:[1-35789]\d{9}|1\d{8}|[58]00\d{6})$/.test(digits);

/**
 * An outward code and an inward one, in the forms that there are, the inward without C, I, K, M, O, V (BS 7666). What could
 * be words, as in "is 1st", the forms exclude: a digit, then two letters, with nothing before or behind.
 */
const POSTCODE =
  /(?<![\p{L}\d])(?:gir ?0aa|(?:[a-pr-uwyz]\d[\da-hjkps-uw]?|[a-pr-uwyz][a-hk-y]\d[\dabehmnprv-y]?) {0,2}\d[abd-hjlnp-uw-z]{2})(?![\p{L}\d])/giu;
/** "at S4 1st", "at S4 2hr": a site's name before what is said in small letters. */
const NO_INWARD_CODE = /(?:1st|2nd|3rd|[04-9]th|\d(?:hr|yr|ft|lb|ug))$/;
/** Letters with which postcodes begin, by Royal Mail. */
const AREAS = new Set(
  (
    'AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G ' +
    'GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW ' +
    'OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD ' +
    'WF WN WR WS WV YO ZE'
  ).split(' '),
);

function isPostcode(text: string): boolean {
  if (/^gir/i.test(text)) return true;
  const [area] = /^[a-z]+/i.exec(text)!;
  return AREAS.has(area.toUpperCase()) && !NO_INWARD_CODE.test(text);
}

const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const DATE = new RegExp(
  [
    String.raw`(?<![\d./-])(?:\d{1,2} ?[./-] ?\d{1,2} ?[./-] ?(?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?![\d/]|[.-]\d)`,
    String.raw`(?<!\d)\d{1,2}(?:st|nd|rd|th)?(?: of)?[ ./-]{0,2}${MONTH}\.?[ ,./-]{0,3}(?:'?\d{2}|\d{4})(?!\d)`,
    String.raw`(?<!\p{L})${MONTH}\.? ?\d{1,2}(?:st|nd|rd|th)?[ ,]{1,3}\d{4}(?!\d)`,
  ].join('|'),
  'giu',
);
/** As people type it behind "DOB". */
const SOLID_DATE = String.raw`(?<!\d)\d{6}(?:\d{2})?(?!\d)`;
const BIRTH_DATE = new RegExp(`${DATE.source}|${SOLID_DATE}`, 'giu');
const BIRTH = /(?<!\p{L})(?:d ?[./]? ?o ?[./]? ?b|born|birth|birthday|birthdate|b\/d)(?!\p{L})/giu;
/** Characters between a word that speaks of birth and the date: a few words, not a sentence. */
const NEAR = 40;

function namesBirth(text: string): boolean {
  const dates = places(text, BIRTH_DATE);
  if (dates.length === 0) return false;
  const words = places(text, BIRTH);
  // Both are in order, so each is looked at once.
  let next = 0;
  return words.some(([from, to]) => {
    while (next < dates.length && dates[next]![1] + NEAR < from) next++;
    const date = dates[next];
    return date !== undefined && date[0] <= to + NEAR;
  });
}

const places = (text: string, pattern: RegExp): readonly (readonly [from: number, to: number])[] =>
  [...text.matchAll(pattern)].map(({ 0: match, index }) => [index, index + match.length] as const);

const finders: Readonly<Record<IdentifierKind, Finder>> = {
  nhs_number: (text) => some(text, TEN_DIGITS, isNhsNumber),
  email: (text) => some(text, EMAIL),
  phone: (text) => some(text, PHONE, isPhone),
  postcode: (text) => some(text, POSTCODE, isPostcode),
  date_of_birth: namesBirth,
  bare_date: (text) => some(text, DATE),
  hospital_number: (text, { hospitalNumbers = [] }) => hospitalNumbers.some((mask) => some(text, patternOf(mask))),
};

/** @param mask see `IdentifierRules.hospitalNumbers` */
function patternOf(mask: string): RegExp {
  const characters = Array.from(normalised(mask), (character) =>
    character === '#' ? String.raw`\d` : character === '@' ? String.raw`\p{L}` : escaped(character),
  );
  return new RegExp(String.raw`(?<![\p{L}\d])${characters.join('')}(?![\p{L}\d])`, 'giu');
}

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);

/** Without what the trial says is nobody's; a mark in its place keeps what lies around it apart. */
function withoutAllowed(text: string, allow: readonly string[]): string {
  return allow
    .map((each) => normalised(each).trim())
    .filter((each) => each !== '')
    .reduce((left, each) => left.replaceAll(new RegExp(Array.from(each, escaped).join(''), 'giu'), '\u2022'), text);
}
