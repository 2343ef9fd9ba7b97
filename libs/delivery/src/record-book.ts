import { accept, type Decision, digest, type DomainEvent } from '@cairn/event-sourcing';
import type { VoidRecord } from './commands.js';
import { contentOf } from './content.js';
import { type DeliveryRefused, refused } from './refusals.js';

/** Names by which the rules ask for a fact: its type, and what else of it they look for. */
export type NamesOf<Fact extends DomainEvent> = (fact: Fact) => readonly string[];

type Entry =
  | { readonly kind: 'fact'; readonly event: string; readonly content: string; readonly names: readonly string[] }
  | { readonly kind: 'void'; readonly event: string; readonly target: string; readonly reason: string };

/**
 * Everything recorded in a stream in the light of the voids that followed. The rules ask what stands, so a void needs no
 * undoing anywhere else, and the order in which records and voids came leaves no trace in the answer.
 *
 * A book never changes; what enters makes a new one. The two share their pages, so that a long stream is read in a time
 * proportional to its length, and of a fact only what recognises it is kept, because books stay in memory.
 */
export class RecordBook<Fact extends DomainEvent> {
  /** The state that a stream without events has. */
  static empty<Fact extends DomainEvent>(namesOf: NamesOf<Fact>): RecordBook<Fact> {
    return new RecordBook(namesOf, undefined, new Pages(), 0);
  }

  private constructor(
    private readonly namesOf: NamesOf<Fact>,
    /** The first fact: whose book it is can be read from any of them. */
    readonly first: Fact | undefined,
    private pages: Pages,
    private readonly length: number,
  ) {}

  /** With a fact recorded. */
  enter(event: string, fact: Fact): RecordBook<Fact> {
    const entry = { kind: 'fact', event, content: contentKey(fact), names: this.namesOf(fact) } as const;
    return this.grown(entry, this.first ?? fact);
  }

  /** With a void of the fact that the event `target` holds. */
  strike(
    event: string,
    { event: target, reason }: { readonly event: string; readonly reason: string },
  ): RecordBook<Fact> {
    return this.grown({ kind: 'void', event, target, reason }, this.first);
  }

  /** Whether a fact of this name was recorded and not voided. */
  stands(name: string): boolean {
    return (this.own().names.get(name) ?? 0) > 0;
  }

  /** Whether a fact of this name was recorded, voided since or not. */
  everHeld(name: string): boolean {
    return this.own().names.has(name);
  }

  /** Whether a fact that says the same stands. */
  holds(fact: Fact): boolean {
    return (this.own().contents.get(contentKey(fact)) ?? 0) > 0;
  }

  /** Whether nothing stands. */
  get isEmpty(): boolean {
    return this.own().standing === 0;
  }

  /** What an event of the stream is: a fact that stands, one that was voided, a void, or none of the stream's. */
  find(
    event: string,
  ): { readonly kind: 'standing' | 'void' | 'unknown' } | { readonly kind: 'voided'; reason: string } {
    const pages = this.own();
    const entry = pages.entries.find((each) => each.event === event);
    if (!entry) return { kind: 'unknown' };
    if (entry.kind === 'void') return { kind: 'void' };
    const reason = pages.voids.get(event);
    return reason === undefined ? { kind: 'standing' } : { kind: 'voided', reason };
  }

  private grown(entry: Entry, first: Fact | undefined): RecordBook<Fact> {
    const pages = this.own();
    pages.add(entry);
    return new RecordBook(this.namesOf, first, pages, this.length + 1);
  }

  /** The shared pages; when another book has written on after this one's last entry, a copy up to there. */
  private own(): Pages {
    if (this.pages.entries.length !== this.length) this.pages = Pages.of(this.pages.entries.slice(0, this.length));
    return this.pages;
  }
}

class Pages {
  readonly entries: Entry[] = [];
  /** How many standing facts have a name; 0 when all were voided. */
  readonly names = new Map<string, number>();
  /** How many standing facts have a content. */
  readonly contents = new Map<string, number>();
  /** Reasons of voids by the event that they void. */
  readonly voids = new Map<string, string>();
  standing = 0;

  static of(entries: readonly Entry[]): Pages {
    const pages = new Pages();
    for (const entry of entries) pages.add(entry);
    return pages;
  }

  add(entry: Entry): void {
    if (entry.kind === 'fact') {
      this.count(entry, 1);
    } else {
      const target = this.entries.find((each) => each.event === entry.target);
      if (target?.kind === 'fact' && !this.voids.has(target.event)) {
        this.voids.set(target.event, entry.reason);
        this.count(target, -1);
      }
    }
    this.entries.push(entry);
  }

  private count({ content, names }: Extract<Entry, { kind: 'fact' }>, by: 1 | -1): void {
    this.standing += by;
    this.contents.set(content, (this.contents.get(content) ?? 0) + by);
    for (const name of names) this.names.set(name, (this.names.get(name) ?? 0) + by);
  }
}

const contentKey = (fact: DomainEvent): string => digest(contentOf(fact));

/** One rule: the refusal of a command that breaks it. */
export type Rule<Command, Fact extends DomainEvent, World> = (
  command: Command,
  book: RecordBook<Fact>,
  world: World,
) => DeliveryRefused | undefined;

/** Adds the event unless the same already stands, or a rule is broken; the first broken rule is the answer. */
export function decideRecord<Command, Fact extends DomainEvent, World>(
  command: Command,
  event: Fact,
  book: RecordBook<Fact>,
  world: World,
  rules: readonly Rule<Command, Fact, World>[],
): Decision<Fact> {
  if (book.holds(event)) return accept();
  for (const rule of rules) {
    const refusal = rule(command, book, world);
    if (refusal) return refusal;
  }
  return accept(event);
}

/** Voids a standing record of the stream, always: neither time nor withdrawal makes an error right. */
export function decideVoid<Fact extends DomainEvent<string, { readonly trial: string }>, E extends DomainEvent>(
  { trial, event, reason }: VoidRecord,
  book: RecordBook<Fact>,
  toEvent: (ofStream: Fact) => E,
): Decision<E> {
  const found = book.find(event);
  switch (found.kind) {
    case 'standing':
      return book.first?.data.trial === trial ? accept(toEvent(book.first)) : refused('EVENT_UNKNOWN', 'event');
    case 'voided':
      return found.reason === reason ? accept() : refused('EVENT_ALREADY_VOIDED', 'event');
    case 'void':
      return refused('EVENT_NOT_VOIDABLE', 'event');
    case 'unknown':
      return refused('EVENT_UNKNOWN', 'event');
    default:
      return found satisfies never;
  }
}
