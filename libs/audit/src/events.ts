import { type EventOf, eventType } from '@cairn/event-sourcing';
import { z } from 'zod';
import { id, sha256, timestamp, words } from './vocabulary.js';

/*
 * What a data monitoring committee relies on. Like all event types these are a storage format: never renamed, changed only
 * by a new version. Their streams lie among the trial's own, so that its history and its Merkle log have them too.
 */

/** Who may be shown a table: everybody in the open report, by masked arm the closed one only, and who knows the arms. */
export const Audience = z.enum(['open', 'closed', 'unblinded']);
export type Audience = z.infer<typeof Audience>;

/** One table of a cut: its bytes are kept in `parts` events `CutTableKept`, which together have this digest. */
export const cutTable = z.object({
  table: id,
  audience: Audience,
  bytes: z.int().min(0),
  sha256,
  parts: z.int().min(1).max(900),
});

/** A trial as it was known at one position, as far as it had happened before one time, fixed for good. */
export const dataCut = z.object({
  trial: id,
  cut: id,
  note: words,
  /** Exclusive. */
  occurredBefore: timestamp,
  /** The last position of the tenant's log that is in it, as decimal digits. */
  position: z.string().regex(/^\d{1,19}$/),
  /** Events of the trial in it: the size of its Merkle log, and where an exported log is cut. */
  size: z.int().min(0),
  /** Version of the protocol in force. */
  protocol: z.int().min(1),
  /** The code that made the tables. */
  code: z.string().max(100),
  tables: z.array(cutTable).max(100),
  /** SHA-256 of the RFC 8785 text of all members but this one. */
  hash: sha256,
});

/** Text of one table, at most 400,000 UTF-16 code units of it. */
export const keptTable = z.object({ trial: id, cut: id, table: id, part: z.int().min(0), text: z.string() });

/** Stream `<trial>/cut/<cut>`. */
export const cutEventTypes = [eventType('DataCutTaken', dataCut), eventType('CutTableKept', keptTable)] as const;
export type CutEvent = EventOf<(typeof cutEventTypes)[number]>;

/**
 * A question about a record, a participant or a site, to whoever recorded it. `site` and `participant` say whom it
 * concerns, whatever it is about; its text is sealed with the participant's key where there is one.
 */
export const queryRaising = z.object({
  trial: id,
  query: id,
  site: id,
  participant: id.optional(),
  /** Id of the event that it is about. */
  event: z.uuid().optional(),
  text: words,
});
const ofQuery = { trial: id, query: id, participant: id.optional() };

/** Stream `<trial>/query/<query>`. */
export const queryEventTypes = [
  eventType('QueryRaised', queryRaising),
  eventType('QueryAnswered', z.object({ ...ofQuery, text: words })),
  /** The answer does not do: open again. */
  eventType('QueryReopened', z.object({ ...ofQuery, text: words })),
  eventType('QueryClosed', z.object({ ...ofQuery, text: words.optional() })),
] as const;
export type QueryEvent = EventOf<(typeof queryEventTypes)[number]>;

/** What somebody says by signing. */
export const Meaning = z.enum(['authorship', 'review', 'approval', 'responsibility']);
export type Meaning = z.infer<typeof Meaning>;

/** An electronic signature (21 CFR 11.50, 11.70, 11.200): who, when, what it means, and of exactly which content. */
export const signature = z.object({
  person: id,
  name: words,
  meaning: Meaning,
  /** When the signer proved anew who they are. */
  authenticatedAt: timestamp,
  contentHash: sha256,
});

/** What is signed: the record that an event holds, or a cut. */
export const signedSubject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('record'), event: z.uuid() }),
  z.object({ kind: z.literal('cut'), cut: id }),
]);

/** Stream `<trial>/signature/<signature>`. */
export const signatureEventTypes = [
  eventType('ContentSigned', signature.extend({ trial: id, signature: id, subject: signedSubject })),
] as const;
export type SignatureEvent = EventOf<(typeof signatureEventTypes)[number]>;

/** What a committee advises after a look. */
export const Advice = z.enum(['continue', 'continue_with_changes', 'pause_recruitment', 'stop']);
export type Advice = z.infer<typeof Advice>;
/** What the sponsor answers. */
export const SponsorResponse = z.enum(['accepted', 'accepted_in_part', 'declined']);
export type SponsorResponse = z.infer<typeof SponsorResponse>;

const ofRecommendation = { trial: id, recommendation: id, text: words, signature };

/** Stream `<trial>/recommendation/<recommendation>`. */
export const recommendationEventTypes = [
  eventType('RecommendationMade', z.object({ ...ofRecommendation, cut: id, advice: Advice })),
  eventType('RecommendationAnswered', z.object({ ...ofRecommendation, response: SponsorResponse })),
] as const;
export type RecommendationEvent = EventOf<(typeof recommendationEventTypes)[number]>;

const ofErasure = { trial: id, participant: id, request: id, person: id };

/** Stream `<trial>/erasure/<participant>`: two people have the key to somebody's free text destroyed, for a reason. */
export const erasureEventTypes = [
  eventType('ErasureRequested', z.object({ ...ofErasure, reason: words })),
  eventType('ErasureDenied', z.object({ ...ofErasure, reason: words })),
  /** The tombstone: from here on nobody can read what was sealed, in this log or in any copy of it. */
  eventType('ParticipantErased', z.object({ ...ofErasure, reason: words })),
] as const;
export type ErasureEvent = EventOf<(typeof erasureEventTypes)[number]>;

/** Stream `@audit/witness/<trial>`, beside the trials: a cosignature of a trial's checkpoint must not grow its log. */
export const witnessEventTypes = [
  eventType(
    'CheckpointCosigned',
    z.object({ trial: id, size: z.int().min(0), witness: z.string().max(200), cosignature: z.string().max(1_000) }),
  ),
] as const;
export type WitnessEvent = EventOf<(typeof witnessEventTypes)[number]>;

export const auditEventTypes = [
  ...cutEventTypes,
  ...queryEventTypes,
  ...signatureEventTypes,
  ...recommendationEventTypes,
  ...erasureEventTypes,
  ...witnessEventTypes,
] as const;
export type AuditEvent = CutEvent | QueryEvent | SignatureEvent | RecommendationEvent | ErasureEvent | WitnessEvent;
