/** A backup is not what was made, or not whole: nothing of it is brought back. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged';
  /**
   * @param file of the backup that shows it
   * @param position in the tenant's log, where one is known: everything before it is as it was backed up
   */
  constructor(
    readonly file: string,
    message: string,
    readonly where?: { readonly tenant: string; readonly position: bigint },
  ) {
    super(message);
  }
}

/** There is no backup to speak of, or this version cannot read it. */
export class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable';
}
