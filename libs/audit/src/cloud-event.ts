import { canonicalJson, type EncodedEvent, type Envelope, formatInstant, isUuid } from '@cairn/event-sourcing';
import { z } from 'zod';
import { isPlainlyCanonical } from './plainly-canonical.js';

/** What an event says of itself, wherever its log is: without the tenant and the position. */
export type ExportedEvent = EncodedEvent & Omit<Envelope, 'tenant' | 'position'>;

/**
 * The scope of a stream: its first segment, which is a trial or, with `@`, what is beside the trials. A name of one segment is
 * no trial's, whatever a trial is called: the stream `tenant` is of the scope `@tenant`.
 */
export function scopeOf(stream: string): string {
  const end = stream.indexOf('/');
  if (end >= 0) return stream.slice(0, end);
  return stream.startsWith('@') ? stream : `@${stream}`;
}

/**
 * An event as one line: the RFC 8785 text of a CloudEvents 1.0 object. It is the leaf of the Merkle log and the line of an
 * export, and follows from the event alone: neither its tenant nor its position is in it, so that an export that is
 * imported elsewhere has the same tree.
 *
 * Joined by hand in the order of the members' names: this runs once for every event that is recorded.
 * @throws TypeError for an event that has no such text, which no store takes: half of a surrogate pair, a number too large
 */
export function cloudEventLine(event: ExportedEvent): string {
  const metadata = metadataText(event.metadata);
  return (
    `{"actor":${quoted(event.actor)},"causationid":${quoted(event.causationId)},"commandid":${quoted(event.commandId)}` +
    `,"correlationid":${quoted(event.correlationId)},"data":${canonicalPayload(event.payload)}` +
    `,"datacontenttype":"application/json","dataschema":${quoted(schemaPath(event))},"id":${quoted(event.id)}` +
    (metadata === '{}' ? '' : `,"metadata":${quoted(metadata)}`) +
    `,"recordedat":"${formatInstant(event.recordedAt)}","revision":${event.revision}` +
    `,"source":${quoted(`/trials/${scopeOf(event.stream)}`)},"specversion":"1.0","subject":${quoted(event.stream)}` +
    `,"time":"${formatInstant(event.occurredAt)}","type":${quoted(`cairn.${event.type}`)}}`
  );
}

/** Where an export has the JSON Schema of an event's payload. */
export const schemaPath = (event: Pick<EncodedEvent, 'type' | 'schemaVersion'>): string =>
  `schemas/${event.type}.v${event.schemaVersion}.json`;

/** Why a line is no event: `NOT_JSON`, `NOT_AN_EVENT` (members missing, wrong or too many), or not in its one text. */
export type LineProblem = 'NOT_JSON' | 'NOT_AN_EVENT' | 'NOT_CANONICAL';

/**
 * Reads a line back, strictly: what is accepted is written as the very same bytes again.
 * @param line without its line feed
 */
export function parseCloudEventLine(
  line: string,
): { readonly event: ExportedEvent } | { readonly problem: LineProblem; readonly member?: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { problem: 'NOT_JSON' };
  }
  const read = cloudEvent.safeParse(value);
  if (!read.success) {
    const member = read.error.issues[0]?.path.join('.');
    return { problem: 'NOT_AN_EVENT', ...(member && { member }) };
  }
  const event = exportedEvent(read.data);
  return event !== undefined && cloudEventLine(event) === line ? { event } : { problem: 'NOT_CANONICAL' };
}

const text = z.string();
const cloudEvent = z.strictObject({
  actor: text,
  causationid: text,
  commandid: text.refine(isUuid),
  correlationid: text,
  // Kept as it is: a copy would lose a member that is called __proto__.
  data: z.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  datacontenttype: z.literal('application/json'),
  dataschema: text.regex(/^schemas\/.+\.v[1-9]\d{0,6}\.json$/),
  id: text.refine(isUuid),
  metadata: text.optional(),
  recordedat: text,
  revision: z.int().min(0).max(2_147_483_647),
  source: text.startsWith('/trials/'),
  specversion: z.literal('1.0'),
  subject: text.min(1),
  time: text,
  type: text.regex(/^cairn\../),
});

function exportedEvent(read: z.infer<typeof cloudEvent>): ExportedEvent | undefined {
  const [metadata, payload] = [readMetadata(read.metadata), canonicalOrNothing(read.data)];
  const [recordedAt, occurredAt] = [Date.parse(read.recordedat), Date.parse(read.time)];
  if (metadata === undefined || payload === undefined) return undefined;
  if (Number.isNaN(recordedAt) || Number.isNaN(occurredAt)) return undefined;
  return {
    type: read.type.slice('cairn.'.length),
    schemaVersion: Number(/\.v(\d+)\.json$/.exec(read.dataschema)![1]),
    occurredAt,
    payload,
    id: read.id,
    stream: read.subject,
    revision: read.revision,
    recordedAt,
    actor: read.actor,
    commandId: read.commandid,
    correlationId: read.correlationid,
    causationId: read.causationid,
    metadata,
  };
}

function readMetadata(given: string | undefined): Readonly<Record<string, string>> | undefined {
  if (given === undefined) return {};
  try {
    const value: unknown = JSON.parse(given);
    return isFlatMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As it was read: a copy would lose a member that is called __proto__. */
const isFlatMap = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((member) => typeof member === 'string');

function canonicalOrNothing(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}

/** Names are mostly plain, and then their text is themselves between quotation marks. */
const quoted = (name: string): string => (PLAIN.test(name) ? `"${name}"` : canonicalJson(name));
const PLAIN = /^[\w !#$%&'()*+,\-./:;<=>?@[\]^`{|}~]*$/;

const NO_METADATA = '{}';

function metadataText(metadata: Readonly<Record<string, string>>): string {
  for (const _ in metadata) return canonicalJson(metadata);
  return NO_METADATA;
}

/** Payloads are stored in canonical form; one from before they were is put into it here. */
const canonicalPayload = (payload: string): string =>
  isPlainlyCanonical(payload) ? payload : canonicalJson(JSON.parse(payload));
