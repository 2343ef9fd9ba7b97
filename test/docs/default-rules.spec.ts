import { defaultRules } from '@cairn/monitoring';
import { Protocol } from '@cairn/registry/protocol';
import type { Condition } from '@cairn/signals/rule';
import { pageText, rowsOf, sectionOf } from './page.js';

const protocol = Protocol.parse({
  arms: [{ id: 'support', intervention: true }],
  interventionWindow: { monthsAfterDischarge: 4 },
});

function limitOf(condition: Condition): string {
  switch (condition.kind) {
    case 'absence':
      return String(condition.withinDays);
    case 'sequence':
      return '–';
    case 'threshold':
      return String(condition.limit);
    case 'trend':
      return String(condition.factor);
    default:
      return condition satisfies never;
  }
}

test('the README of monitoring has each shipped rule, its limit and how urgent it is', () => {
  const rows = rowsOf(sectionOf(pageText('libs/monitoring/README.md'), 'The shipped rules'));
  expect(rows.map(([rule, , limit, severity]) => [rule, limit, severity])).toEqual(
    defaultRules(protocol).map(({ rule, condition, severity }) => [`\`${rule}\``, limitOf(condition), severity]),
  );
});
