import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';

/** The columns of a read, in the order in which `readEvent` takes them. Times travel as epoch milliseconds. */
export const EVENT_COLUMNS = `position, revision, id, stream, type, schema_version, date_part('epoch', occurred_at) * 1000,
  date_part('epoch', recorded_at) * 1000, actor, command_id, correlation_id, causation_id, metadata, payload`;

type Text = string;

/** One row of `EVENT_COLUMNS` in PostgreSQL's text form, unparsed. */
export type EventRow = readonly [
  position: Text,
  revision: Text,
  id: Text,
  stream: Text,
  type: Text,
  schemaVersion: Text,
  occurredAt: Text,
  recordedAt: Text,
  actor: Text,
  commandId: Text,
  correlationId: Text | null,
  causationId: Text | null,
  metadata: Text | null,
  payload: Text,
];

const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});

/** Spelled out with every property in one order: this runs once for every event of a rebuild. */
export function readEvent(tenant: TenantId, row: EventRow): RecordedEvent {
  const commandId = row[9];
  return {
    type: row[4],
    schemaVersion: Number(row[5]),
    // Seconds are a double in PostgreSQL: a far one times a thousand can miss the whole by a hair.
    occurredAt: Math.round(Number(row[6])),
    payload: row[13],
    id: row[2],
    tenant,
    stream: row[3],
    revision: Number(row[1]),
    position: BigInt(row[0]),
    recordedAt: Math.round(Number(row[7])),
    actor: row[8],
    commandId,
    correlationId: row[10] ?? commandId,
    causationId: row[11] ?? commandId,
    metadata: row[12] === null ? NO_METADATA : (JSON.parse(row[12]) as Record<string, string>),
  };
}
