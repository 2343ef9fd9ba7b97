import { canonicalJson, sha256Hex } from '@cairn/event-sourcing';
import type { z } from 'zod';
import { CutAltered } from './cut-tables.js';
import type { CutEvent, dataCut } from './events.js';

/** A cut as it was taken. */
export type DataCut = z.infer<typeof dataCut>;

/** Stream of one cut: before it was taken, and from then on. */
export type Cut = { readonly kind: 'not taken' } | ({ readonly kind: 'taken' } & DataCut);
export const notTaken: Cut = { kind: 'not taken' };

export function evolveCut(cut: Cut, { type, data }: CutEvent): Cut {
  switch (type) {
    case 'DataCutTaken':
      return { kind: 'taken', ...data };
    case 'CutTableKept':
      // Who asks for a table reads it; the rules need none of it.
      return cut;
    default:
      return type satisfies never;
  }
}

/** The digest by which a cut is cited: of all that it says, its tables' digests among it. */
export const cutHash = (cut: Omit<DataCut, 'hash'>): string => sha256Hex(canonicalJson(cut));

/** @throws CutAltered when a cut does not have the digest that it says */
export function checkCut({ hash, ...cut }: DataCut): void {
  if (cutHash(cut) !== hash) throw new CutAltered(cut.cut, 'the cut itself');
}
