import type { Append, Instant } from '@cairn/event-sourcing';
import type { RestoredEvent } from '../postgres/event-restoration.js';
import { RecordedElsewhere } from './kurrent-log.js';
import type { Put } from './kurrent-writer.js';

/** A command of another log, as it is appended again. */
export interface RecordedAppend {
  readonly append: Append;
  readonly recordedAt: readonly Instant[];
  readonly firstRevision: number;
}

/** Events of another log as the appends that they were: those of a command follow each other. */
export function recordedAppends(events: readonly RestoredEvent[]): RecordedAppend[] {
  const appends: RestoredEvent[][] = [];
  for (const event of events) {
    if (appends.at(-1)?.[0]?.commandId === event.commandId) appends.at(-1)!.push(event);
    else appends.push([event]);
  }
  return appends.map((command) => {
    const { stream, revision, commandId, actor, correlationId, causationId, metadata } = command[0]!;
    return {
      append: {
        stream,
        expected: revision === 0 ? 'none' : revision - 1,
        commandId,
        actor,
        correlationId,
        causationId,
        metadata,
        events: command.map(({ type, schemaVersion, occurredAt, payload }) => ({
          type,
          schemaVersion,
          occurredAt,
          payload,
        })),
      },
      recordedAt: command.map((event) => event.recordedAt),
      firstRevision: revision,
    };
  });
}

/** @throws RecordedElsewhere unless the events are now where they were in the other log */
export function sameOrElsewhere(put: Put, stream: string, firstRevision: number): void {
  if (put.kind !== 'conflict' && put.stream === stream && put.firstRevision === firstRevision) return;
  throw new RecordedElsewhere(stream, firstRevision);
}
