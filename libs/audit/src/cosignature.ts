import { accept, type Decider, type Decision, isPlainText } from '@cairn/event-sourcing';
import { z } from 'zod';
import type { WitnessEvent } from './events.js';
import { type AuditWorld, refused } from './refusals.js';
import { cosignedAt, parseSignatureLine, type VerifierKey, verifierKeyText } from './signed-note.js';
import { id } from './vocabulary.js';

/** A witness says that it has seen a checkpoint of a trial's log, and that every one it saw before is its beginning. */
export const CosignCheckpoint = z.object({
  type: z.literal('cosignCheckpoint'),
  trial: id,
  /** Leaves of the checkpoint. */
  size: z.int().min(1),
  /** A signature line of C2SP tlog-cosignature (cosignature/v1), with or without its line feed. */
  cosignature: z
    .string()
    .max(1_000)
    .refine((line) => isPlainText(line.replace(/\n$/, '')), 'holds control characters'),
});
export type CosignCheckpoint = z.infer<typeof CosignCheckpoint>;

/** What a cosignature is checked against. */
export interface WitnessWorld extends AuditWorld {
  /** The text of the trial's checkpoint of this size; undefined when it has none. */
  readonly checkpoint?: string | undefined;
  /** Whose cosignatures are taken. */
  readonly witnesses?: readonly VerifierKey[] | undefined;
}

/** The cosignatures of a trial's checkpoints, by size and witness. */
export type Cosignatures = ReadonlyMap<string, string>;

const keyOf = (size: number, witness: string): string => `${size} ${witness}`;

function decide(
  { trial, size, cosignature }: CosignCheckpoint,
  given: Cosignatures,
  { now, checkpoint, witnesses = [] }: WitnessWorld,
): Decision<WitnessEvent> {
  if (checkpoint === undefined) return refused('CHECKPOINT_UNKNOWN', 'size');
  const line = cosignature.replace(/\n$/, '');
  const read = parseSignatureLine(line);
  if (read === undefined) return refused('COSIGNATURE_WRONG', 'cosignature');
  const key = witnesses.find(({ name, id: keyId }) => name === read.name && keyId === read.id);
  if (key === undefined) return refused('WITNESS_UNKNOWN', 'cosignature');
  if (cosignedAt(key, checkpoint, read.signature) === undefined) return refused('COSIGNATURE_WRONG', 'cosignature');
  const witness = verifierKeyText(key);
  // A witness says it once; that it was there at another second, too, changes nothing.
  if (given.has(keyOf(size, witness))) return accept();
  return accept({ type: 'CheckpointCosigned', occurredAt: now, data: { trial, size, witness, cosignature: line } });
}

/** Takes the cosignatures of a trial's checkpoints. */
export const witnessDecider: Decider<CosignCheckpoint, WitnessEvent, Cosignatures, WitnessWorld> = {
  initial: new Map(),
  decide,
  evolve: (given, { data }) => new Map([...given, [keyOf(data.size, data.witness), data.cosignature]]),
};
