import { accept, type Decision, digest, type DomainEvent } from '@cairn/event-sourcing';
import type { VoidRecord } from './commands.js';
import { contentOf } from './content.js';
import { type DeliveryRefused, refused } from './refusals.js';

/** Names by which the rules ask for a fact: its type, and what else of it they look for. */
export type NamesOf<Fact extends DomainEvent> = (fact: Fact) => readonly string[];

/** Why a version no longer stands: which event struck it, and whether that put another version in its place. */
interface Strike {
  readonly by: string;
  readonly kind: 'void' | 'amendment';
  readonly reason: string;
}

interface FactEntry {
  readonly kind: 'fact';
  readonly event: string;
  readonly content: string;
  readonly names: readonly string[];
  /** The version that it takes the place of. */
  readonly amends?: { readonly target: string; readonly reason: string };
}
type Entry =
  FactEntry | { readonly kind: 'void'; readonly event: string; readonly target: string; readonly reason: string };

/**
 * What an event of a stream is: a version of a record that stands, one that was voided or that another version took the
 * place of, a void, or none of the stream's.
 */
type Found =
  | { readonly kind: 'standing' | 'void' | 'unknown' }
  | { readonly kind: 'voided'; readonly reason: string }
  | { readonly kind: 'superseded'; readonly by: string; readonly reason: string };

/**
 * Everything recorded in a stream in the light of the voids and amendments that followed. The rules ask what stands, so
 * neither needs undoing anywhere else, and the order in which records and voids came leaves no trace in the answer. An
 * amendment is both: a void of the version that it names, and a version of its own.
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
    return this.grown(this.entryOf(event, fact), this.first ?? fact);
  }

  /** With a version in the place of the one that the event `target` holds; it is known by its own event from then on. */
  amend(
    event: string,
    { event: target, reason }: { readonly event: string; readonly reason: string },
    version: Fact,
  ): RecordBook<Fact> {
    return this.grown({ ...this.entryOf(event, version), amends: { target, reason } }, this.first ?? version);
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

  find(event: string): Found {
    const pages = this.own();
    const entry = pages.entries.find((each) => each.event === event);
    if (!entry) return { kind: 'unknown' };
    if (entry.kind === 'void') return { kind: 'void' };
    const strike = pages.strikes.get(event);
    if (!strike) return { kind: 'standing' };
    const { kind, by, reason } = strike;
    return kind === 'void' ? { kind: 'voided', reason } : { kind: 'superseded', by, reason };
  }

  /** Whether the event holds exactly what the fact says. */
  says(event: string, fact: Fact): boolean {
    const entry = this.own().entries.find((each) => each.event === event);
    return entry?.kind === 'fact' && entry.content === contentKey(fact);
  }

  /** The book as it were had the record, in none of its versions, ever been entered. @param event any of its versions */
  without(event: string): RecordBook<Fact> {
    const { entries } = this.own();
    const versions = new Set([event]);
    // Backwards to the first version, then forwards: an entry names only what was entered before it.
    for (const entry of entries.toReversed()) {
      if (entry.kind === 'fact' && entry.amends && versions.has(entry.event)) versions.add(entry.amends.target);
    }
    for (const entry of entries) {
      if (entry.kind === 'fact' && entry.amends && versions.has(entry.amends.target)) versions.add(entry.event);
    }
    const others = entries.filter((each) => !versions.has(each.event));
    return new RecordBook(this.namesOf, this.first, Pages.of(others), others.length);
  }

  private entryOf(event: string, fact: Fact): FactEntry {
    return { kind: 'fact', event, content: contentKey(fact), names: this.namesOf(fact) };
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
  /** By what each version that no longer stands was struck. */
  readonly strikes = new Map<string, Strike>();
  standing = 0;

  static of(entries: readonly Entry[]): Pages {
    const pages = new Pages();
    for (const entry of entries) pages.add(entry);
    return pages;
  }

  add(entry: Entry): void {
    if (entry.kind === 'void') {
      this.strike(entry.target, { kind: 'void', by: entry.event, reason: entry.reason });
    } else {
      if (entry.amends) {
        this.strike(entry.amends.target, { kind: 'amendment', by: entry.event, reason: entry.amends.reason });
      }
      this.count(entry, 1);
    }
    this.entries.push(entry);
  }

  private strike(event: string, strike: Strike): void {
    const target = this.entries.find((each) => each.event === event);
    if (target?.kind !== 'fact' || this.strikes.has(event)) return;
    this.strikes.set(event, strike);
    this.count(target, -1);
  }

  private count({ content, names }: FactEntry, by: 1 | -1): void {
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
    case 'superseded':
      return refused('EVENT_SUPERSEDED', 'event');
    case 'void':
      return refused('EVENT_NOT_VOIDABLE', 'event');
    case 'unknown':
      return refused('EVENT_UNKNOWN', 'event');
    default:
      return found satisfies never;
  }
}
