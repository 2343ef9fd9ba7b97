import { accept, canonicalJson, type Decider, type Decision } from '@cairn/event-sourcing';
import type { PublishSignalRule } from './commands.js';
import type { SignalRuleEvent } from './events.js';
import type { SignalsWorld } from './refusals.js';
import { emptyRuleBook, evolveRuleBook, type RuleBook } from './rule-book.js';
import { ruleFault, type RuleSurroundings } from './rule-fault.js';

/** What was looked up for a rule. */
export interface RuleWorld extends SignalsWorld {
  readonly ruleSurroundings?: RuleSurroundings;
}

const NO_SURROUNDINGS: RuleSurroundings = { definitions: new Set(), fidelity: undefined };

function decide(
  { trial, definition, reason }: PublishSignalRule,
  book: RuleBook,
  { now, ruleSurroundings = NO_SURROUNDINGS }: RuleWorld,
): Decision<SignalRuleEvent> {
  const fault = ruleFault(definition, ruleSurroundings);
  if (fault) {
    const { field, ...refusal } = fault.refusal;
    return { kind: 'refused', refusal: { ...refusal, field: `definition.${field}` } };
  }
  const versions = book.get(definition.rule) ?? [];
  const latest = versions.at(-1);
  if (latest && canonicalJson(latest) === canonicalJson(definition)) return accept();
  return accept({
    type: 'SignalRulePublished',
    occurredAt: now,
    data: { trial, version: versions.length + 1, definition, reason },
  });
}

/** What becomes of a trial's rules: a version is added, none is taken away. */
export const ruleBookDecider: Decider<PublishSignalRule, SignalRuleEvent, RuleBook, RuleWorld> = {
  initial: emptyRuleBook,
  decide,
  evolve: evolveRuleBook,
};
