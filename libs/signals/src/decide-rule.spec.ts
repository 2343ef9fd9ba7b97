import { givenEventId, specFor } from '@cairn/event-sourcing/spec';
import fc from 'fast-check';
import type { PublishSignalRule } from './commands.js';
import { ruleBookDecider } from './decide-rule.js';
import type { SignalRuleEvent } from './events.js';
import { type Condition, SignalRule } from './rule.js';
import { emptyRuleBook } from './rule-book.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const ruleSurroundings = { definitions: new Set(['table', 'text']), fidelity: { minimum: 3, maximum: 12 } };
const { given } = specFor(ruleBookDecider, { now, ruleSurroundings });

const gap: SignalRule = {
  rule: 'meeting_gap',
  title: 'No meeting for long',
  severity: 'warning',
  enabled: true,
  condition: {
    kind: 'absence',
    after: [{ what: 'contact', settings: ['community'] }],
    expected: { what: 'contact', settings: ['community'] },
    withinDays: 14,
    of: 'with_data',
    during: 'window',
  },
};
const publish = (definition: SignalRule): PublishSignalRule => ({
  type: 'publishSignalRule',
  trial: 't',
  definition,
  reason: 'as the committee asked',
});
const published = (version: number, definition: SignalRule): SignalRuleEvent => ({
  type: 'SignalRulePublished',
  occurredAt: now,
  data: { trial: 't', version, definition, reason: 'as the committee asked' },
});
const stricter: SignalRule = { ...gap, condition: { ...gap.condition, withinDays: 10 } as Condition };
const other: SignalRule = { ...gap, rule: 'another' };

describe('a rule', () => {
  it('is published, and its versions count by themselves', () => {
    given().when(publish(gap)).then(published(1, gap));
    given(published(1, gap)).when(publish(stricter)).then(published(2, stricter));
    given(published(1, gap)).when(publish(other)).then(published(1, other));
    given(published(1, gap), published(2, stricter)).when(publish(gap)).then(published(3, gap));
  });
  it('that says what is in force adds nothing', () => given(published(1, gap)).when(publish(gap)).then());

  const refusedFor = (condition: Condition, code: string, field: string): void =>
    given()
      .when(publish({ ...gap, condition }))
      .thenRefused(code, `definition.condition.${field}`);

  it('is about participants or about sites, and says nothing of the other', () => {
    const supervision = { what: 'supervision' } as const;
    refusedFor(
      { kind: 'absence', after: [{ what: 'discharge' }], expected: supervision, withinDays: 7 },
      'RULE_SUBJECTS_MIXED',
      'expected',
    );
    refusedFor(
      { kind: 'sequence', before: supervision, missing: { what: 'discharge' } },
      'RULE_SUBJECTS_MIXED',
      'missing',
    );
    const ofSites: Condition = { kind: 'absence', after: [{ what: 'opening' }], expected: supervision, withinDays: 7 };
    refusedFor({ ...ofSites, of: 'offered' }, 'RULE_NOT_OF_PARTICIPANTS', 'of');
    refusedFor({ ...ofSites, during: 'window' }, 'RULE_NOT_OF_PARTICIPANTS', 'during');
    refusedFor({ ...gap.condition, during: 'delivery' } as Condition, 'RULE_NOT_OF_SITES', 'during');
  });

  it('has a limit that its measure can come beyond', () => {
    const threshold = { kind: 'threshold', measure: 'engagement', direction: 'below', limit: 50 } as const;
    for (const limit of [-1, 0, 101]) refusedFor({ ...threshold, limit }, 'RULE_LIMIT_OUT_OF_RANGE', 'limit');
    refusedFor({ ...threshold, direction: 'above', limit: 100 }, 'RULE_LIMIT_OUT_OF_RANGE', 'limit');
    for (const limit of [3, 12.5]) {
      refusedFor({ ...threshold, measure: 'fidelity', limit }, 'RULE_LIMIT_OUT_OF_RANGE', 'limit');
    }
    for (const limit of [0.5, 100]) {
      const rule = { ...gap, condition: { ...threshold, limit } };
      given().when(publish(rule)).then(published(1, rule));
    }
  });

  it('names a definition that the trial has, of engagement', () => {
    const threshold = { kind: 'threshold', measure: 'engagement', direction: 'below', limit: 50 } as const;
    refusedFor({ ...threshold, definition: 'mine' }, 'RULE_DEFINITION_UNKNOWN', 'definition');
    refusedFor(
      { ...threshold, measure: 'late_entries', definition: 'table' },
      'RULE_DEFINITION_MISPLACED',
      'definition',
    );
  });

  it('of an unknown measure or with a word too many is none', () => {
    const condition = { kind: 'threshold', measure: 'mood', direction: 'below', limit: 1 };
    expect(SignalRule.safeParse({ ...gap, condition }).success).toBe(false);
    expect(SignalRule.safeParse({ ...gap, colour: 'red' }).success).toBe(false);
  });
});

it('what was published and is published again leads to nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(gap, stricter, other)), (definitions) => {
      let book = emptyRuleBook;
      for (const [index, definition] of definitions.entries()) {
        const decision = ruleBookDecider.decide(publish(definition), book, { now, ruleSurroundings });
        if (decision.kind === 'refused') throw new Error('all of them make sense');
        for (const event of decision.events) {
          expect(event.data.version).toBe((book.get(definition.rule)?.length ?? 0) + 1);
          book = ruleBookDecider.evolve(book, { ...event, id: givenEventId(index) });
        }
        const again = ruleBookDecider.decide(publish(definition), book, { now, ruleSurroundings });
        expect(again).toEqual({ kind: 'accepted', events: [] });
      }
    }),
  );
});
