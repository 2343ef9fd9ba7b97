import { isTimeZone } from './time-zone.js';

describe('isTimeZone', () => {
  it.each([
    'Europe/London',
    'europe/london',
    'America/Argentina/Buenos_Aires',
    'Etc/GMT+1',
    'US/Eastern',
    'UTC',
    'GMT',
    'Cuba',
    'Singapore',
    'NZ-CHAT',
    'W-SU',
    'EST5EDT',
  ])('takes %s, a name of the IANA database', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  it.each(['+01:00', '-0530', 'Z', 'GMT+1', 'UTC+1', 'BST', 'CEST', 'IST', 'PST', 'Etc/GMT+99', 'SystemV/PST8PDT'])(
    'refuses %s: an offset or abbreviation',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );

  it.each([
    '',
    ' ',
    'Europe',
    'Europe/',
    '/London',
    'Europe/Lundon',
    'Mars/Olympus',
    'Europe/London ',
    'localtime',
    'constructor',
  ])('refuses "%s": no zone at all', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});
