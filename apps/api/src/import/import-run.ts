import { type CommandOutcome, EventStoreUnavailable, type Position } from '@cairn/event-sourcing';
import { KeysUnavailable } from '@cairn/platform/keys';
import { ImportRecord, type ImportAnswer, type MalformedCode, type RecordOutcome } from './import-record.js';
import type { NdjsonLine } from './ndjson-lines.js';
import { Turnstile } from './turnstile.js';

/** What an import needs of the application, for one tenant and actor. */
export interface ImportTarget {
  /** Takes commands for one stream together or not at all. @throws EventStoreUnavailable */
  record(commandId: string, commands: ImportRecord['commands']): Promise<CommandOutcome>;
  head(): Promise<Position>;
}

/** Where answers go. */
export interface ImportSink {
  write(answer: ImportAnswer): void;
  /** Resolves when the client has taken enough of what was written. */
  drained(): Promise<void> | undefined;
}

/** Records that are with the event store at once: enough to fill its batches. */
const IN_FLIGHT_MAX = 256;
/** Records read ahead of their outcome. A bundle lists a participant's contacts together, and those wait for each other. */
const READ_AHEAD_MAX = 16_384;
/** A store that does not answer is asked again; a command id makes that harmless. */
const ATTEMPTS = 3;

/** Commands about the trial itself or who may record in it: later records are judged by what they say. */
const ROSTER = new Set([
  'registerTenant',
  'registerTrial',
  'publishProtocol',
  'registerSite',
  'registerWorker',
  'registerPerson',
  'assignRole',
  'revokeRole',
]);
/** Fields that tell one stream from another, whichever the command is. */
const STREAM_FIELDS = ['site', 'worker', 'supervision', 'session', 'instrument', 'rater', 'occurredAt', 'attendedOn'];

/**
 * Gives the records of an import to the application and answers each. Records of one stream are taken in the order in which
 * they came, different streams at once; a roster record waits for all before it, and all after it wait for it.
 * Every record is whole in itself, so stopping between any two of them leaves nothing half done.
 */
export async function runImport(
  pages: AsyncIterable<readonly NdjsonLine[]>,
  target: ImportTarget,
  sink: ImportSink,
  signal: AbortSignal,
): Promise<void> {
  const totals = { records: 0, accepted: 0, unchanged: 0, refused: 0, events: 0 };
  let acknowledged = await target.head();
  let failure: Error | undefined;
  const inFlight = new Turnstile(IN_FLIGHT_MAX);
  const readAhead = new Turnstile(READ_AHEAD_MAX);
  const lastOfStream = new Map<string, Promise<void>>();
  const pending = new Set<Promise<void>>();

  const answer = (line: number, outcome: RecordOutcome): void => {
    totals[outcome.kind]++;
    sink.write({ line, outcome });
  };

  const process = async (record: ImportRecord): Promise<void> => {
    if (failure || signal.aborted) return;
    // Whatever lies at or below this position was there before the record: it tells a repetition from an addition.
    const before = acknowledged;
    try {
      const outcome = await withRetry(() => target.record(record.commandId, record.commands), signal);
      if (outcome.kind === 'refused') {
        const { code, message, field } = outcome.refusal;
        answer(record.line, {
          kind: 'refused',
          code,
          message,
          ...(field !== undefined && { field }),
          ...(outcome.command !== undefined && { command: outcome.command }),
        });
        return;
      }
      const position = outcome.position.toString();
      if (outcome.events.length === 0 || outcome.position <= before) {
        answer(record.line, { kind: 'unchanged', position });
        return;
      }
      if (outcome.position > acknowledged) acknowledged = outcome.position;
      totals.events += outcome.events.length;
      answer(record.line, { kind: 'accepted', position, events: outcome.events.length });
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error(String(error));
    }
  };

  const inTurn = async (record: ImportRecord, predecessor: Promise<void> | undefined): Promise<void> => {
    await predecessor;
    await inFlight.enter();
    await process(record);
    inFlight.leave();
  };

  const start = (record: ImportRecord): void => {
    const stream = streamKey(record);
    const predecessor = lastOfStream.get(stream);
    const task = inTurn(record, predecessor).finally(() => {
      if (lastOfStream.get(stream) === task) lastOfStream.delete(stream);
      pending.delete(task);
      readAhead.leave();
    });
    lastOfStream.set(stream, task);
    pending.add(task);
  };

  reading: for await (const page of pages) {
    for (const line of page) {
      if (failure || signal.aborted) break reading;
      totals.records++;
      const record = readRecord(line);
      if ('kind' in record) {
        answer(record.line, record.outcome);
        continue;
      }
      if (ROSTER.has(record.commands[0]!.name)) {
        await Promise.all(pending);
        await process(record);
        continue;
      }
      await readAhead.enter();
      start(record);
    }
    await sink.drained();
  }
  await Promise.all(pending);
  if (failure) throw failure;
  if (signal.aborted) return;
  sink.write({ done: { ...totals, position: acknowledged.toString() } });
}

function readRecord(
  line: NdjsonLine,
): ImportRecord | { readonly kind: 'malformed'; readonly line: number; readonly outcome: RecordOutcome } {
  const malformed = (number: number, code: MalformedCode, message: string) =>
    ({ kind: 'malformed', line: number, outcome: { kind: 'refused', code, message } }) as const;
  if ('fault' in line) {
    return line.fault === 'too large'
      ? malformed(line.ordinal, 'RECORD_TOO_LARGE', 'The line is longer than an import takes.')
      : malformed(line.ordinal, 'RECORD_MALFORMED', 'The line is not JSON.');
  }
  const read = ImportRecord.safeParse(line.value);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  const message = `${issue.path.join('.') || 'The record'}: ${issue.message}.`;
  return malformed(givenNumber(line.value) ?? line.ordinal, 'RECORD_MALFORMED', message);
}

function givenNumber(value: unknown): number | undefined {
  const line: unknown = typeof value === 'object' && value !== null && 'line' in value ? value.line : undefined;
  return Number.isSafeInteger(line) ? (line as number) : undefined;
}

/** The same for records of one stream; that two streams now and then share it costs a little time only. */
function streamKey(record: ImportRecord): string {
  const { name, input } = record.commands[0]!;
  if (typeof input['participant'] === 'string') return JSON.stringify([input['trial'], input['participant']]);
  return JSON.stringify([name, input['trial'], ...STREAM_FIELDS.map((field) => input[field])]);
}

async function withRetry<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await task();
    } catch (error) {
      const mayPass = error instanceof EventStoreUnavailable || error instanceof KeysUnavailable;
      if (!mayPass || attempt === ATTEMPTS || signal.aborted) throw error;
    }
  }
}
