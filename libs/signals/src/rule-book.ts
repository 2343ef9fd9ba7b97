import type { SignalRuleEvent } from './events.js';
import type { SignalRule } from './rule.js';

/** What a trial has published: of each rule all versions, the first being number 1. */
export type RuleBook = ReadonlyMap<string, readonly SignalRule[]>;

export const emptyRuleBook: RuleBook = new Map();

export const evolveRuleBook = (book: RuleBook, { data: { definition } }: Pick<SignalRuleEvent, 'data'>): RuleBook =>
  new Map([...book, [definition.rule, [...(book.get(definition.rule) ?? []), definition]]]);
