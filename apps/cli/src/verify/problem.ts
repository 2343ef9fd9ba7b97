/** What is wrong with a bundle that is not as it was signed, or not as it was written. */
export const alteredCodes = [
  'LINE_CHANGED',
  'LINES_MISSING',
  'LINES_ADDED',
  'LINE_MALFORMED',
  'LINE_OF_ANOTHER_TRIAL',
  'REVISION_GAP',
  'RECORDED_BEFORE_PREDECESSOR',
  'ID_NOT_OF_COMMAND',
  'CHECKPOINT_MALFORMED',
  'CHECKPOINT_NOT_SIGNED',
  'CHECKPOINT_OF_ANOTHER_LOG',
  'CHECKPOINT_MISSING',
  'ROOT_WRONG',
  'CUT_INCOMPLETE',
  'CONSISTENCY_WRONG',
  'FILE_CHANGED',
  'MANIFEST_WRONG',
  'TABLE_DIFFERS',
  'TILE_CHANGED',
] as const;
/** Why nothing can be said about a bundle. */
export const unreadableCodes = [
  'BUNDLE_MISSING',
  'FILE_MISSING',
  'FILE_UNREADABLE',
  'FILE_TOO_LARGE',
  'MANIFEST_MALFORMED',
  'FORMAT_UNKNOWN',
  'KEYS_MALFORMED',
  'CODE_TOO_OLD',
] as const;

export type AlteredCode = (typeof alteredCodes)[number];
export type UnreadableCode = (typeof unreadableCodes)[number];

/** The first thing that is not as it was signed. */
export interface Alteration {
  readonly code: AlteredCode;
  /** In the trial's log, from 1: everything before it is as it was signed. Absent for what is beside the log. */
  readonly position?: number;
  /** The file of the bundle that shows it. */
  readonly file: string;
  /** For people. */
  readonly message: string;
}

/** The bundle was altered. */
export class BundleAltered extends Error {
  override readonly name = 'BundleAltered';
  constructor(readonly alteration: Alteration) {
    super(alteration.message);
  }
}

/** Nothing can be said about what is there. */
export class BundleUnreadable extends Error {
  override readonly name = 'BundleUnreadable';
  constructor(
    readonly code: UnreadableCode,
    readonly file: string,
    message: string,
  ) {
    super(message);
  }
}
