import type { SignalRuleEvent } from './events.js';
import type { RuleInForce, SignalRule } from './rule.js';

/** What a trial has published: of each rule all versions, the first being number 1. */
export type RuleBook = ReadonlyMap<string, readonly SignalRule[]>;

export const emptyRuleBook: RuleBook = new Map();

export const evolveRuleBook = (book: RuleBook, { data: { definition } }: Pick<SignalRuleEvent, 'data'>): RuleBook =>
  new Map([...book, [definition.rule, [...(book.get(definition.rule) ?? []), definition]]]);

/**
 * The rules that hold: the shipped ones, but for those that the trial has published a version of, and the trial's own.
 * One that is off is among them; it raises nothing.
 */
export function rulesInForce(shipped: readonly RuleInForce[], book: RuleBook): readonly RuleInForce[] {
  const latest = ([, versions]: readonly [string, readonly SignalRule[]]): RuleInForce => ({
    definition: versions.at(-1)!,
    version: String(versions.length),
  });
  const known = new Set(shipped.map(({ definition }) => definition.rule));
  return [
    ...shipped.map((rule) => {
      const versions = book.get(rule.definition.rule);
      return versions ? latest([rule.definition.rule, versions]) : rule;
    }),
    ...[...book].filter(([rule]) => !known.has(rule)).map(latest),
  ];
}
