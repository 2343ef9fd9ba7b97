/** Areas of the IANA time zone database: the first part of names like `Europe/London`. */
const AREAS = new Set(
  'Africa America Antarctica Arctic Asia Atlantic Australia Brazil Canada Chile Etc Europe Indian Mexico Pacific US'
    .toLowerCase()
    .split(' '),
);

/** The names without an area, all of them kept by the database for older systems (its file `backward`). */
const WITHOUT_AREA = new Set(
  (
    'CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran ' +
    'Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK ' +
    'Singapore Turkey UCT UTC Universal W-SU WET Zulu'
  )
    .toLowerCase()
    .split(' '),
);

/**
 * Whether a name is one of the IANA time zone database, in any case. `Intl` alone does not tell: it also takes offsets
 * (`+01:00`, which know no clock changes, so that windows would end at the wrong hour) and abbreviations of its own
 * (`BST` is Dhaka to it).
 */
export function isTimeZone(name: string): boolean {
  const [first = '', ...places] = name.toLowerCase().split('/');
  return (places.length === 0 ? WITHOUT_AREA : AREAS).has(first) && isKnownToIntl(name);
}

/** The database as this machine has it. */
function isKnownToIntl(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
