import type { DomainEvent, Fact } from './event.js';

/** Where a document is: `scope` groups what is read together (here a trial), `id` is unique within it. */
export interface DocumentKey {
  readonly scope: string;
  readonly id: string;
}

/**
 * A read model as a pure fold: each event belongs to at most one document, and a document is made of its events only.
 * Documents are plain JSON values. A projection never throws on a recorded fact: what should not be is shown, not hidden.
 */
export interface Projection<Document = unknown, E extends DomainEvent = DomainEvent> {
  /** Names the table: lower-case letters and underscores. */
  readonly name: string;
  /** Rises when the fold or the shape of the document changes; the old version serves until the new one is built. */
  readonly version: number;
  /** The event types it folds; others pass by. */
  readonly eventTypes: readonly E['type'][];
  keyOf(event: Fact<E>): DocumentKey | undefined;
  /**
   * The document after one more event. The fold owns the document that it is given and may return it changed: whoever
   * passes one on does not look at it again. An evolve that throws has changed nothing.
   */
  evolve(document: Document | undefined, event: Fact<E>): Document;
  /**
   * Events of every type it folds. What they fold to is the projection's definition hash: a changed fold with an
   * unchanged version is noticed at start.
   */
  readonly specimen: readonly Fact<E>[];
}
