import {
  accept,
  APPEND_MAX_BYTES,
  APPEND_MAX_EVENTS,
  canonicalJson,
  type Decider,
  type Decision,
  type Instant,
  parseInstant,
  sha256Hex,
} from '@cairn/event-sourcing';
import { z } from 'zod';
import { type Cut, cutHash, type DataCut, evolveCut, notTaken } from './cut.js';
import { type CutTable, splitText, utf8Length } from './cut-tables.js';
import { type CutEvent, dataCut } from './events.js';
import { refused } from './refusals.js';

/** Commands for data cuts. */
export const CutCommand = dataCut
  .pick({ trial: true, cut: true, note: true, occurredBefore: true })
  .extend({ type: z.literal('takeDataCut') });
export type CutCommand = z.infer<typeof CutCommand>;

/** What a cut is taken of: the trial as its log has it at one position. */
export interface CutMaterial {
  /** The last position of the tenant's log that it has. */
  readonly position: bigint;
  /** Events of the trial up to there. */
  readonly size: number;
  /** Whether nothing of them happened before the time of the cut. */
  readonly isEmpty: boolean;
  /** Version of the protocol that was in force at the position. */
  readonly protocol: number;
  /** The code that made the tables. */
  readonly code: string;
  /** Each with its text, see `tableText`. */
  readonly tables: readonly (Pick<CutTable, 'table' | 'audience'> & { readonly text: string })[];
}

/** What the rules may look at outside of the stream. */
export interface CutWorld {
  readonly now: Instant;
  /** Not there where it is not needed to decide, see `needsMaterial`, and where nothing can be read but single streams. */
  readonly material?: CutMaterial;
}

/**
 * Whether it takes the trial's tables to decide: what was taken before is answered without them, as it was, however much
 * has been recorded since.
 */
export const needsMaterial = (command: CutCommand, cut: Cut, { now }: CutWorld): boolean =>
  cut.kind === 'not taken' && parseInstant(command.occurredBefore)! <= now;

function decide(command: CutCommand, cut: Cut, world: CutWorld): Decision<CutEvent> {
  switch (cut.kind) {
    case 'taken':
      return isSame(command, cut) ? accept() : refused('DATA_CUT_EXISTS', 'cut');
    case 'not taken':
      if (parseInstant(command.occurredBefore)! > world.now) return refused('OCCURRED_IN_FUTURE', 'occurredBefore');
      if (!world.material) return refused('DATA_CUT_UNAVAILABLE', 'trial');
      return take(command, world.material, world.now);
    default:
      return cut satisfies never;
  }
}

const isSame = (command: CutCommand, cut: DataCut): boolean =>
  command.note === cut.note && parseInstant(command.occurredBefore) === parseInstant(cut.occurredBefore);

function take(
  { type: _, ...asked }: CutCommand,
  { position, size, isEmpty, protocol, code, tables }: CutMaterial,
  now: Instant,
): Decision<CutEvent> {
  if (isEmpty) return refused('DATA_CUT_EMPTY', 'occurredBefore');
  const kept: CutEvent[] = [];
  const listed = tables.map(({ table, audience, text }): CutTable => {
    const parts = splitText(text);
    const ofCut = { trial: asked.trial, cut: asked.cut, table };
    for (const [part, each] of parts.entries()) {
      kept.push({ type: 'CutTableKept', occurredAt: now, data: { ...ofCut, part, text: each } });
    }
    return { table, audience, bytes: utf8Length(text), sha256: sha256Hex(text), parts: parts.length };
  });
  const cut = { ...asked, position: String(position), size, protocol, code, tables: listed };
  const events: CutEvent[] = [{ type: 'DataCutTaken', occurredAt: now, data: { ...cut, hash: cutHash(cut) } }, ...kept];
  return isWithinAppend(events) ? accept(...events) : refused('DATA_CUT_TOO_LARGE', 'trial');
}

/** Whether the events can be stored together. */
function isWithinAppend(events: readonly CutEvent[]): boolean {
  if (events.length > APPEND_MAX_EVENTS) return false;
  let bytes = 0;
  for (const { data } of events) bytes += utf8Length(canonicalJson(data));
  return bytes <= APPEND_MAX_BYTES;
}

/** What may follow when somebody fixes what is known of a trial. Nothing is ever taken back: a cut is cited for years. */
export const cutDecider: Decider<CutCommand, CutEvent, Cut, CutWorld> = {
  initial: notTaken,
  decide,
  evolve: evolveCut,
};
