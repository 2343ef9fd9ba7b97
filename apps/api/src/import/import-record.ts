import { isUuid } from '@cairn/event-sourcing';
import { z } from 'zod';

/** Bytes of one line; a row of a bundle has some hundreds. */
export const LINE_MAX_BYTES = 256 * 1024;
/** A row of a bundle makes six at the most. */
const COMMANDS_MAX = 100;

/**
 * One line of an import: commands for one stream, taken together or not at all. `name` is the mutation's name in the API,
 * `input` its input without the command id; enum values are written as in a bundle.
 */
export const ImportRecord = z.object({
  /** The client's own number for the record; it comes back with the outcome. */
  line: z.int().min(0),
  commandId: z.string().refine(isUuid, 'is not a UUID'),
  commands: z
    .array(z.object({ name: z.string(), input: z.record(z.string(), z.unknown()) }))
    .min(1)
    .max(COMMANDS_MAX),
});
export type ImportRecord = z.infer<typeof ImportRecord>;

/** What became of a record. */
export type RecordOutcome =
  /** Its events were added. */
  | { readonly kind: 'accepted'; readonly position: string; readonly events: number }
  /** All that it says was known already. */
  | { readonly kind: 'unchanged'; readonly position: string }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      /** The input field at fault, where one is. */
      readonly field?: string;
      /** Which of several commands was refused, from 0. */
      readonly command?: number;
    };

/** Codes of lines that are not records at all; every other code of an outcome is a refusal. */
export const MALFORMED_CODES = ['RECORD_MALFORMED', 'RECORD_TOO_LARGE'] as const;
export type MalformedCode = (typeof MALFORMED_CODES)[number];

/** Why an import could not go on. */
export const STOP_CODES = ['DRY_RUN_TOO_LARGE', 'SERVICE_UNAVAILABLE', 'KEYS_UNAVAILABLE', 'INTERNAL'] as const;
export type StopCode = (typeof STOP_CODES)[number];

export interface ImportTotals {
  readonly records: number;
  readonly accepted: number;
  readonly unchanged: number;
  readonly refused: number;
  /** Events added. */
  readonly events: number;
  /** A reader that has come this far sees everything that the import added. */
  readonly position: string;
}

/** Lines of the answer, in the order in which outcomes become known; `done` or `stopped` is the last one. */
export type ImportAnswer =
  | { readonly line: number; readonly outcome: RecordOutcome }
  | { readonly done: ImportTotals }
  /** The import could not go on; what has no outcome may or may not have been taken. Giving all of it again is safe. */
  | { readonly stopped: { readonly code: StopCode; readonly message: string } };
