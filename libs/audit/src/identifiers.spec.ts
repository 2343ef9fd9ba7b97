import fc from 'fast-check';
import { findIdentifier, type IdentifierKind, type IdentifierRules } from './identifiers.js';

const kindIn = (text: string, rules?: IdentifierRules): IdentifierKind | undefined => findIdentifier(text, rules)?.kind;

describe('finds', () => {
  it.each<[IdentifierKind, string]>([
    ['nhs_number', '9434765919'],
    ['nhs_number', 'NHS no. 943 476 5919, seen on the ward'],
    ['nhs_number', 'no:943-476-5919.'],
    ['nhs_number', '943  476  5919'],
    ['nhs_number', '9 4 3 4 7 6 5 9 1 9'],
    ['nhs_number', '943 476 5919 2 visits'],
    ['nhs_number', 'aged 34 943 476 5919'],
    ['nhs_number', '４０１０２３２１３７'],
    ['nhs_number', '٩٤٣٤٧٦٥٩١٩'],
    ['nhs_number', '943\u200b476\u200b5919'],
    ['nhs_number', '943\u00a0476\u20115919'],
    ['nhs_number', '𝟗𝟒𝟑𝟒𝟕𝟔𝟓𝟗𝟏𝟗'],
    ['email', 'write to jo.bloggs+ward@nhs.example.uk today'],
    ['email', "O'Neil@example.org"],
    ['email', 'jürgen@bücher.example'],
    ['email', 'jo＠example.org'],
    ['email', '<jo@example.org>'],
    ['phone', 'mobile 07700 900123'],
    ['phone', 'tel:07700900123'],
    ['phone', 'room 3 07700 900123 after 5'],
    ['phone', '+44 7700 900 123'],
    ['phone', '+44 (0) 20 7946 0018'],
    ['phone', '0044 20 7946 0018'],
    ['phone', '(020) 7946 0018'],
    ['phone', '01632-960-001'],
    ['phone', '0800 123456'],
    ['phone', '+353 1 234 5678'],
    ['postcode', 'lives near SW1A 2AA'],
    ['postcode', 'sw1a2aa'],
    ['postcode', 'm1 1ae'],
    ['postcode', 'EC1A 1BB,'],
    ['postcode', 'GIR 0AA'],
    ['postcode', 'S4 7ST'],
    ['postcode', 'W1A 0AX'],
    ['date_of_birth', 'DOB 03/04/1981'],
    ['date_of_birth', 'd.o.b.: 3.4.81'],
    ['date_of_birth', 'was born on the 3rd of April 1981'],
    ['date_of_birth', 'birthday is April 3, 1981'],
    ['date_of_birth', '1981-04-03 (date of birth)'],
    ['date_of_birth', 'DOB 03041981'],
    ['date_of_birth', 'met on 01/02/2020; he told me his date of birth, 03/04/1981'],
  ])('a %s in "%s"', (kind, text) => expect(kindIn(text)).toBe(kind));
});

describe('finds nothing in', () => {
  it.each([
    '',
    'Met on the ward, walked to the café; next time on 14/03/2019 at 10:30.',
    '9434765918',
    '1111111111',
    '94347659190',
    'order 3.1415926535',
    'paid £1,234,567,890',
    'met at 10:00-11:30 on 01-02-2020 10:30',
    '01/02/2020 09:00 to 02/02/2020 10:00',
    '2020-01-02T09:00:00Z',
    'see you @ the group',
    'a@b',
    'S4-0060 and S4PW1 met in S4',
    'at S4 1st visit, at S4 2nd visit, at S4 3rd and S4 4th',
    'at S4 2hr session, S4 2pm, S4 3am',
    'postcode area M1, district SW1A',
    'version A1 1AA', // no such area
    'was born in the spring, talked about the birth of the group',
    'contact on 03/04/2019, next on 17/04/2019',
    'room 0123, bed 0456',
    'walked 1000 steps, then 2000, then 3000',
    'score 12 of 20, 13 of 20, 14 of 20',
  ])('"%s"', (text) => expect(kindIn(text)).toBeUndefined());
});

it('looks for what the trial says, and lets pass what it says is nobody’s', () => {
  expect(kindIn('on 03/04/2019', { refuse: ['bare_date'] })).toBe('bare_date');
  expect(kindIn('9434765919', { refuse: ['email'] })).toBeUndefined();
  expect(kindIn('9434765919', { refuse: [] })).toBeUndefined();
  const masks = { hospitalNumbers: ['H######', '@@-####'] };
  expect(kindIn('number h123456, ward 3', masks)).toBe('hospital_number');
  expect(kindIn('RX-1234', masks)).toBe('hospital_number');
  expect(kindIn('H1234567', masks)).toBeUndefined();
  expect(kindIn('PATH123456', masks)).toBeUndefined();
  const office = { allow: ['020 7946 0018', 'trial@example.org'] };
  expect(kindIn('rang the office, 020 7946 0018, and wrote to Trial@Example.org', office)).toBeUndefined();
  expect(kindIn('020 7946 0018 and 07700 900123', office)).toBe('phone');
});

/** By its definition (NHS Data Dictionary): weights 10 to 2, and 11 less the remainder. */
function withCheckDigit(nine: string): string | undefined {
  const weighted = Array.from(nine, Number).reduce((sum, digit, index) => sum + digit * (10 - index), 0);
  const check = 11 - (weighted % 11);
  return check === 10 ? undefined : `${nine}${check === 11 ? 0 : check}`;
}

it('finds every number whose check digit is right, and none whose is wrong', () => {
  const nine = fc.stringMatching(/^[1-9]\d{8}$/);
  fc.assert(
    fc.property(nine, fc.constantFrom('', ' ', '-'), fc.integer({ min: 1, max: 9 }), (digits, gap, off) => {
      const whole = withCheckDigit(digits);
      fc.pre(whole !== undefined && new Set(whole).size > 1);
      const written = (number: string) => [number.slice(0, 3), number.slice(3, 6), number.slice(6)].join(gap);
      expect(kindIn(`NHS ${written(whole)}.`, { refuse: ['nhs_number'] })).toBe('nhs_number');
      const wrong = `${digits}${(Number(whole.at(-1)) + off) % 10}`;
      expect(kindIn(`NHS ${written(wrong)}.`, { refuse: ['nhs_number'] })).toBeUndefined();
    }),
  );
});

describe('takes a time that only the length decides', () => {
  const all: IdentifierRules = {
    refuse: ['nhs_number', 'email', 'phone', 'postcode', 'date_of_birth', 'bare_date', 'hospital_number'],
    hospitalNumbers: ['H######', '@@@@####'],
    allow: ['020 7946 0018'],
  };
  const length = 4_000;
  /** Milliseconds: a text takes less than one; an expression that backtracks would take seconds, or for ever. */
  const FAR_TOO_LONG = 100;
  const hostile = [
    '0',
    '0 ',
    '0  -',
    '1-',
    '(0',
    '+4',
    'a@',
    'a.',
    'a@a.',
    'a@a.a',
    '-',
    'A1',
    'a1 1a',
    'dob ',
    'd o b 1/1/',
    '1/1/1',
    '1 jan ',
    'january 1 ',
    'H123',
    'ab12',
    '\u200b0',
    '٠',
    'é',
    '020 7946 001',
    '    0',
  ];
  it.each(hostile)('of "%s" again and again', (piece) => {
    const text = piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
    expect(perText(text)).toBeLessThan(FAR_TOO_LONG);
  });

  it('of anything made of such pieces', () => {
    const pieces = fc.array(fc.constantFrom(...hostile), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.boolean(), (some, wide) => {
        const text = (some.join('') + (wide ? 'é' : '')).repeat(length).slice(0, length);
        expect(perText(text)).toBeLessThan(FAR_TOO_LONG);
      }),
      { numRuns: 30 },
    );
  });

  /** The least of a few, in milliseconds: what else the machine does is none of the text's. */
  function perText(text: string): number {
    let least = Infinity;
    for (let round = 0; round < 25; round++) {
      const began = performance.now();
      findIdentifier(text, all);
      least = Math.min(least, performance.now() - began);
      if (least < 1) break;
    }
    return least;
  }
});
