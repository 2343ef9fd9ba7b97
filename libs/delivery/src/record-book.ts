import { accept, type Decision, type DomainEvent } from '@cairn/event-sourcing';
import type { VoidRecord } from './commands.js';
import { type DeliveryRefused, refused } from './refusals.js';
import { sameContent } from './same-content.js';

/** An event of a stream in the light of those that followed: it stands, was voided, or is itself a void. */
export type Entry<Fact extends DomainEvent> =
  | { readonly kind: 'standing'; readonly event: Fact }
  | { readonly kind: 'voided'; readonly event: Fact; readonly reason: string }
  | { readonly kind: 'void' };

/**
 * Every event of a stream by its id, in the order of the stream. The rules ask what stands, so a void needs no undoing
 * anywhere else, and the order in which records and voids came leaves no trace in the answer.
 */
export type RecordBook<Fact extends DomainEvent> = ReadonlyMap<string, Entry<Fact>>;

export const enter = <Fact extends DomainEvent>(book: RecordBook<Fact>, id: string, event: Fact): RecordBook<Fact> =>
  new Map(book).set(id, { kind: 'standing', event });

export function strike<Fact extends DomainEvent>(
  book: RecordBook<Fact>,
  id: string,
  target: { readonly event: string; readonly reason: string },
): RecordBook<Fact> {
  const struck = new Map(book).set(id, { kind: 'void' });
  const entry = book.get(target.event);
  if (entry?.kind === 'standing') {
    struck.set(target.event, { kind: 'voided', event: entry.event, reason: target.reason });
  }
  return struck;
}

/** What was recorded and not voided. */
export const standing = <Fact extends DomainEvent>(book: RecordBook<Fact>): Fact[] =>
  [...book.values()].filter((entry) => entry.kind === 'standing').map((entry) => entry.event);

/** What was recorded, voided since or not. */
export const everRecorded = <Fact extends DomainEvent>(book: RecordBook<Fact>): Fact[] =>
  [...book.values()].filter((entry) => entry.kind !== 'void').map((entry) => entry.event);

/** Adds the event unless the same already stands, or a rule is broken; the first broken rule is the answer. */
export function decideRecord<Command, Fact extends DomainEvent, World>(
  command: Command,
  event: Fact,
  book: RecordBook<Fact>,
  world: World,
  rules: readonly Rule<Command, Fact, World>[],
): Decision<Fact> {
  if (standing(book).some((fact) => sameContent(fact, event))) return accept();
  for (const rule of rules) {
    const refusal = rule(command, book, world);
    if (refusal) return refusal;
  }
  return accept(event);
}

/** One rule: the refusal of a command that breaks it. */
export type Rule<Command, Fact extends DomainEvent, World> = (
  command: Command,
  book: RecordBook<Fact>,
  world: World,
) => DeliveryRefused | undefined;

/** Voids a standing record of the stream, always: neither time nor withdrawal makes an error right. */
export function decideVoid<Fact extends DomainEvent<string, { readonly trial: string }>, E extends DomainEvent>(
  { trial, event, reason }: VoidRecord,
  book: RecordBook<Fact>,
  toEvent: (voided: Fact) => E,
): Decision<E> {
  const entry = book.get(event);
  switch (entry?.kind) {
    case 'standing':
      return entry.event.data.trial === trial ? accept(toEvent(entry.event)) : refused('EVENT_UNKNOWN', 'event');
    case 'voided':
      return entry.reason === reason ? accept() : refused('EVENT_ALREADY_VOIDED', 'event');
    case 'void':
      return refused('EVENT_NOT_VOIDABLE', 'event');
    case undefined:
      return refused('EVENT_UNKNOWN', 'event');
    default:
      return entry satisfies never;
  }
}

/** The state that a stream without events has. */
export const emptyBook = <Fact extends DomainEvent>(): RecordBook<Fact> => new Map();
