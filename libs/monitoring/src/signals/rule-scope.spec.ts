import { SignalRule, type Condition } from '@cairn/signals/rule';
import { ruleScope } from './rule-scope.js';

const rule = (condition: Condition) => SignalRule.parse({ rule: 'r', title: 'R', severity: 'notice', condition });
const touched = { participants: new Set(['P1']), sites: new Set(['S1']) };
const meeting = { what: 'contact' as const };

it('is those of whom something was recorded, and their sites', () => {
  const gap = rule({ kind: 'absence', after: [meeting], expected: meeting, withinDays: 14 });
  expect(ruleScope(gap, touched)).toBe(touched);
  expect(ruleScope(rule({ kind: 'threshold', measure: 'engagement', direction: 'below', limit: 50 }), touched)).toBe(
    touched,
  );
});

it('is everybody where one site is measured by the others', () => {
  const missing = rule({ kind: 'threshold', measure: 'missing_contact_data', direction: 'above', limit: 3 });
  expect(ruleScope(missing, touched)).toBeUndefined();
});

it('is everybody where what happens at a site concerns its participants', () => {
  const supervision = { what: 'supervision' as const };
  for (const condition of [
    { kind: 'absence', after: [supervision], expected: meeting, withinDays: 14 },
    { kind: 'sequence', before: meeting, missing: meeting, during: 'delivery' },
  ] satisfies Condition[]) {
    expect(ruleScope(rule(condition), touched)).toBeUndefined();
    const nowhere = { ...touched, sites: new Set<string>() };
    expect(ruleScope(rule(condition), nowhere)).toBe(nowhere);
  }
});
