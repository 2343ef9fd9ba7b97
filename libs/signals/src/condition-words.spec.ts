import { conditionInWords } from './condition-words.js';
import type { Condition } from './rule.js';

const meeting = { what: 'contact' as const, settings: ['community' as const] };

it.each<[Condition, string]>([
  [
    { kind: 'absence', after: [{ what: 'discharge' }], expected: { what: 'follow_up' }, withinDays: 1 },
    'no follow up within 1 day after discharge',
  ],
  [
    { kind: 'absence', after: [meeting], expected: meeting, withinDays: 14, of: 'with_data', during: 'window' },
    'no community contact within 14 days after community contact, of those offered the intervention whose peer worker is known, within the intervention window',
  ],
  [
    {
      kind: 'absence',
      after: [{ what: 'opening' }, { what: 'supervision', kinds: ['group', 'action_learning_set'] }],
      expected: { what: 'supervision' },
      withinDays: 10,
      during: 'delivery',
    },
    'no supervision within 10 days after opening of the site or group or action learning set supervision, while the site delivers',
  ],
  [
    {
      kind: 'sequence',
      before: { what: 'discharge' },
      missing: { what: 'contact', modes: ['face_to_face', 'video'], outcomes: ['participant_absent'] },
    },
    'discharge without contact (face to face, video) with outcome participant absent before it',
  ],
  [
    { kind: 'threshold', measure: 'engagement', definition: 'text', direction: 'below', limit: 50, atLeast: 5 },
    'engagement of those with data, in per cent by definition text, below 50, made of 5 at least',
  ],
  [
    { kind: 'trend', measure: 'contacts', direction: 'falling', overDays: 28, factor: 2 },
    'contacts falling by a factor of 2 over 28 days',
  ],
])('%j in words', (condition, words) => expect(conditionInWords(condition)).toBe(words));
