import { asDamage, type PlacedStone } from './chain.js';
import { BackupDamaged } from './problem.js';

/** A line of a stone's file, as JSON says it. */
export interface StoneLine {
  readonly value: unknown;
  /** From 1. */
  readonly line: number;
}

/**
 * A file of a stone, some lines at a time. After the last it is compared with what the stone says of it, so that nothing may be
 * relied on before the end.
 * @throws BackupDamaged at a line that is none, or at the end
 */
export async function* stoneLines({ stone, files, pathOf }: PlacedStone, file: string): AsyncGenerator<StoneLine[]> {
  const place = pathOf(file);
  const said = stone.files[file];
  if (!said) throw new BackupDamaged(place, `${place} is not among the files of its stone.`);
  let line = 0;
  try {
    for await (const page of files.lines(file)) {
      const lines: StoneLine[] = [];
      for (const each of page) {
        line++;
        const value = each?.ended ? valueOf(each.bytes) : undefined;
        if (value === undefined)
          throw new BackupDamaged(place, `${place} is damaged or ends too early, at line ${line}.`);
        lines.push({ value, line });
      }
      if (lines.length > 0) yield lines;
    }
    const found = await files.digest(file);
    if (found.bytes < said.bytes) throw new BackupDamaged(place, `${place} ends too early, after line ${line}.`);
    if (found.bytes !== said.bytes || found.sha256 !== said.sha256) {
      throw new BackupDamaged(place, `${place} is not what was written (its SHA-256 differs).`);
    }
  } catch (error) {
    throw asDamage(error, place);
  }
}

function valueOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
