import {
  type DocumentKey,
  type EventCatalogue,
  type Fact,
  NewerEventVersion,
  type Position,
  type RecordedEvent,
  UnknownEventType,
} from '@cairn/event-sourcing';
import type { ProjectionDefinition } from './projection-definition.js';

/** A document of a read model as the fold keeps it in memory. */
export interface FoldedDocument extends DocumentKey {
  /** Of the last event folded into it. */
  position: Position;
  document: unknown;
  /** Characters of payload folded into it since it was read; and how many of them its memory has counted. */
  payload: number;
  counted: number;
  /** When its memory last had it in hand, in a measure of that memory's own. */
  touched: number;
}

export const storedDocument = (key: DocumentKey, position: Position, document: unknown): FoldedDocument => ({
  scope: key.scope,
  id: key.id,
  position,
  document,
  payload: 0,
  counted: 0,
  touched: 0,
});

/** Where folded documents are kept between pages. */
export interface DocumentMemory {
  get(scope: string, id: string): FoldedDocument | undefined;
  keep(document: FoldedDocument): void;
  /** Reads documents that it does not have from where they are stored; those that exist. */
  load(keys: readonly DocumentKey[]): Promise<readonly FoldedDocument[]>;
}

/** A page of a log, decoded as far as any projection wants it. */
export interface DecodedPage {
  readonly events: readonly RecordedEvent[];
  /** In the places of `events`; undefined where no projection wants the type. */
  readonly facts: readonly (Fact | undefined)[];
  /** The first event that this code cannot read; facts end there. */
  readonly unreadable?: { readonly index: number; readonly reason: string };
}

export interface Halt {
  readonly position: Position;
  readonly eventId: string;
  readonly eventType: string;
  readonly reason: string;
}

export interface ParkedEvent extends DocumentKey {
  readonly position: Position;
  readonly firstPosition: Position;
  readonly eventId: string;
  readonly eventType: string;
  /** Undefined for an event that waits behind one that failed. */
  readonly error: string | undefined;
}

export interface FoldedPage {
  /** The projection has seen everything up to here. */
  readonly position: Position;
  readonly changed: readonly FoldedDocument[];
  readonly parked: readonly ParkedEvent[];
  readonly halt: Halt | undefined;
  /** Events folded, without those that passed by. */
  readonly folded: number;
}

/** Decodes the wanted types of a page, each event once for all projections. */
export function decodePage(
  events: readonly RecordedEvent[],
  wanted: ReadonlySet<string>,
  catalogue: EventCatalogue,
  versions: ReadonlyMap<string, number>,
): DecodedPage {
  const facts: (Fact | undefined)[] = [];
  for (let index = 0; index < events.length; index++) {
    const event = events[index]!;
    try {
      const version = versions.get(event.type);
      // Also for a type that nobody wants: what newer code means by it cannot be known.
      if (version === undefined) throw new UnknownEventType(event.type);
      if (event.schemaVersion > version) throw new NewerEventVersion(event.type, event.schemaVersion, version);
      facts.push(wanted.has(event.type) ? catalogue.decode(event) : undefined);
    } catch (error) {
      return { events, facts, unreadable: { index, reason: reasonOf(error) } };
    }
  }
  return { events, facts };
}

/**
 * Folds the events of a page after a position into documents. Nothing is stored; the documents in memory are ahead of
 * what is stored until the caller has written `changed`, and must be forgotten when it could not.
 * @param parked keys (see `documentKey`) of documents with parked events and the first one's position; added to
 */
export async function foldPage(
  { projection, onPoison }: ProjectionDefinition,
  page: DecodedPage,
  after: Position,
  memory: DocumentMemory,
  parked: Map<string, Position>,
): Promise<FoldedPage> {
  const wanted = new Set<string>(projection.eventTypes);
  const steps: { readonly index: number; readonly fact: Fact; readonly document: FoldedDocument }[] = [];
  const missing = new Map<string, FoldedDocument>();
  let stop = page.unreadable;
  for (let index = 0; index < page.facts.length; index++) {
    const fact = page.facts[index];
    if (fact === undefined || fact.position <= after || !wanted.has(fact.type)) continue;
    let key: DocumentKey | undefined;
    try {
      key = projection.keyOf(fact);
    } catch (error) {
      // Without a key nobody can tell which document would be wrong from here on, so this halts under either policy.
      stop = { index, reason: reasonOf(error) };
      break;
    }
    if (!key) continue;
    let document = memory.get(key.scope, key.id);
    if (!document) {
      const at = documentKey(key);
      document = missing.get(at);
      if (!document) {
        document = storedDocument(key, 0n, undefined);
        missing.set(at, document);
      }
    }
    steps.push({ index, fact, document });
  }
  if (missing.size > 0) {
    for (const stored of await memory.load([...missing.values()])) {
      const document = missing.get(documentKey(stored))!;
      document.position = stored.position;
      document.document = stored.document;
      document.payload = stored.payload;
    }
  }

  const changed = new Set<FoldedDocument>();
  const parkedHere: ParkedEvent[] = [];
  let folded = 0;
  for (const { index, fact, document } of steps) {
    const first = parked.size > 0 ? parked.get(documentKey(document)) : undefined;
    if (first !== undefined) {
      parkedHere.push(parkedEvent(document, fact, first, undefined));
      continue;
    }
    try {
      document.document = projection.evolve(document.document, fact);
    } catch (error) {
      if (onPoison === 'halt') {
        stop = { index, reason: reasonOf(error) };
        break;
      }
      parked.set(documentKey(document), fact.position);
      parkedHere.push(parkedEvent(document, fact, fact.position, reasonOf(error)));
      continue;
    }
    document.position = fact.position;
    document.payload += page.events[index]!.payload.length;
    changed.add(document);
    folded++;
  }
  for (const document of changed) memory.keep(document);
  return { ...reached(page, after, stop), changed: [...changed], parked: parkedHere, folded };
}

function reached(
  page: DecodedPage,
  after: Position,
  stop: DecodedPage['unreadable'],
): Pick<FoldedPage, 'position' | 'halt'> {
  const last = stop === undefined ? page.events.at(-1) : page.events[stop.index - 1];
  const position = last !== undefined && last.position > after ? last.position : after;
  if (stop === undefined) return { position, halt: undefined };
  const event = page.events[stop.index]!;
  return {
    position,
    halt: { position: event.position, eventId: event.id, eventType: event.type, reason: stop.reason },
  };
}

const parkedEvent = (key: DocumentKey, fact: Fact, first: Position, error: string | undefined): ParkedEvent => ({
  scope: key.scope,
  id: key.id,
  position: fact.position,
  firstPosition: first,
  eventId: fact.id,
  eventType: fact.type,
  error,
});

/** One text for a key; identifiers have no line breaks. */
export const documentKey = (key: DocumentKey): string => `${key.scope}\n${key.id}`;

/** What is kept of an error. PostgreSQL's text cannot hold a NUL, and a message may quote anything. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).replaceAll('\0', '').slice(0, 2_000);
