import { type Append, type AppendOutcome, type Placement, type Position, eventId } from '@cairn/event-sourcing';
import { metadataText, SEPARATOR } from './event-columns.js';

/** The call of `cairn.append`; see the migration for what its arguments and its answer mean. */
export const APPEND_STATEMENT = {
  name: 'cairn_append',
  text: 'select * from cairn.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)',
  rowMode: 'array',
} as const;

/** The same under a lease: its service and its token come first. */
export const APPEND_FENCED_STATEMENT = {
  name: 'cairn_append_fenced',
  text: 'select * from cairn.append_fenced($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)',
  rowMode: 'array',
} as const;

/** The answer's columns: position before the first stored event, time of record, outcomes. */
export type AppendAnswer = readonly [beforeFirst: string, recorded: string, outcomes: string];

/** A batch as the columns that `cairn.append` takes: building and splitting them costs next to nothing on both sides. */
export function encodeBatch(tenant: string, appends: readonly Append[]): string[] {
  const commands: number[] = [];
  const ordinals: number[] = [];
  const expectations: number[] = [];
  const ids: string[] = [];
  const commandIds: string[] = [];
  const schemaVersions: number[] = [];
  const occurred: number[] = [];
  const streams: string[] = [];
  const types: string[] = [];
  const actors: string[] = [];
  const correlationIds: string[] = [];
  const causationIds: string[] = [];
  const metadata: string[] = [];
  const payloads: string[] = [];
  for (let index = 0; index < appends.length; index++) {
    const append = appends[index]!;
    const commandId = append.commandId.toLowerCase();
    const expectation = encodeExpectation(append.expected);
    const correlationId = unlessCommand(append.correlationId, commandId);
    const causationId = unlessCommand(append.causationId, commandId);
    const about = append.metadata === undefined ? '' : metadataText(append.metadata);
    for (let ordinal = 0; ordinal < append.events.length; ordinal++) {
      const event = append.events[ordinal]!;
      commands.push(index + 1);
      ordinals.push(ordinal);
      expectations.push(expectation);
      ids.push(eventId(commandId, ordinal));
      commandIds.push(commandId);
      schemaVersions.push(event.schemaVersion);
      occurred.push(event.occurredAt);
      streams.push(append.stream);
      types.push(event.type);
      actors.push(append.actor);
      correlationIds.push(correlationId);
      causationIds.push(causationId);
      metadata.push(about);
      payloads.push(event.payload);
    }
  }
  return [
    tenant,
    ...[commands, ordinals, expectations, ids, commandIds, schemaVersions, occurred].map((column) => `{${column}}`),
    ...[streams, types, actors, correlationIds, causationIds, metadata, payloads].map((c) => c.join(SEPARATOR)),
  ];
}

/** One outcome per append of the batch, in its order. */
export function decodeOutcomes(appends: readonly Append[], answer: AppendAnswer): AppendOutcome[] {
  let position: Position = BigInt(answer[0]);
  const recordedAt = Number(answer[1]);
  const outcomes = answer[2].split(SEPARATOR);
  return appends.map((append, index): AppendOutcome => {
    const outcome = outcomes[index]!;
    switch (outcome[0]) {
      case 'c':
        return { kind: 'conflict', actual: outcome.length === 1 ? undefined : Number(outcome.slice(1)) };
      case 'r':
        return { kind: 'repeated', ...decodePlacement(outcome) };
      default:
        return {
          kind: 'appended',
          stream: append.stream,
          firstRevision: Number(outcome),
          positions: append.events.map(() => ++position),
          recordedAt,
        };
    }
  });
}

function decodePlacement(outcome: string): Placement {
  const [, count, firstRevision, firstPosition, recorded, stream] = /^r(\d+):(\d+):(\d+):(-?\d+):(.*)$/su.exec(
    outcome,
  )!;
  return {
    stream: stream!,
    firstRevision: Number(firstRevision),
    positions: Array.from({ length: Number(count) }, (_, ordinal) => BigInt(firstPosition!) + BigInt(ordinal)),
    recordedAt: Number(recorded),
  };
}

function encodeExpectation(expected: Append['expected']): number {
  switch (expected) {
    case 'any':
      return -1;
    case 'none':
      return -2;
    case 'exists':
      return -3;
    default:
      // No stream gets as far as the column does, so a larger number is as wrong as the largest.
      return Math.min(expected, 2_147_483_647);
  }
}

const unlessCommand = (id: string | undefined, commandId: string): string => (id === commandId ? '' : (id ?? ''));
