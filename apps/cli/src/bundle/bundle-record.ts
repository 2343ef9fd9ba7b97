import { uuidV5 } from '@cairn/event-sourcing';

/** A command as the import endpoint takes it: its name in the API and its input without trial-wide defaults. */
export interface BundleCommand {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** One row as the commands it stands for, all for one stream: taken together or not at all. */
export interface BundleRecord {
  readonly file: string;
  readonly line: number | undefined;
  readonly commandId: string;
  readonly commands: readonly BundleCommand[];
  /** For each command, the columns that its input fields come from: a refusal is shown where it can be mended. */
  readonly columns: readonly Readonly<Record<string, string>>[];
}

/** A command and the columns that its fields come from. */
export interface CommandFromRow {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Makes a record. Its command id is made of what it says, so that the same row is the same command however often, from
 * wherever and in whatever order it is imported, and a changed row is a new one.
 */
export function bundleRecord(
  tenant: string,
  trial: string,
  file: string,
  line: number | undefined,
  commands: readonly CommandFromRow[],
): BundleRecord {
  const bare = commands.map(({ name, input }) => ({ name, input }));
  return {
    file,
    line,
    commandId: uuidV5(JSON.stringify(['bundle', tenant, trial, file, bare])),
    commands: bare,
    columns: commands.map((command) => command.columns),
  };
}

/** The column that a refused field came from; undefined when the refusal names no field or none of the row's. */
export function columnOf(record: BundleRecord, field: string | undefined, command?: number): string | undefined {
  if (field === undefined) return undefined;
  if (command !== undefined) return record.columns[command]?.[field];
  return record.columns.find((columns) => field in columns)?.[field];
}
