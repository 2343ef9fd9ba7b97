import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { BackedUpTenant, BackupSource } from '@cairn/platform';
import { UsageError } from '../exit-code.js';
import { pathPart } from '../export/manifest.js';
import { type PlacedStone } from './chain.js';
import { ALERTING_FILE, type BackedUpLog, FORMAT, type Stone, STONE_FILE, stoneName, stoneText } from './stone.js';
import { StoneFile } from './stone-writer.js';

const UNFINISHED = /^\.unfinished-/;

export interface MadeStone {
  readonly stone: Stone;
  readonly events: bigint;
  readonly bytes: number;
}

/**
 * Adds a stone to a backup: what every log has had since the last one. It is there under its number when all of it is on the
 * disk, and not before; what an interrupted run left is removed by the next.
 * @param before the stones that there are, checked; none for a new backup
 * @throws UsageError when the database is not the one that the stones are of, or an older state of it
 */
export async function makeStone(
  directory: string,
  before: readonly PlacedStone[],
  source: BackupSource,
  { keys, now }: { readonly keys: readonly string[]; readonly now: Date },
): Promise<MadeStone> {
  for (const name of await fs.readdir(directory)) {
    if (UNFINISHED.test(name)) await fs.rm(path.join(directory, name), { recursive: true });
  }
  const last = before.at(-1);
  const number = (last?.stone.number ?? 0) + 1;
  const draft = path.join(directory, `.unfinished-${stoneName(number)}-${randomUUID()}`);
  await fs.mkdir(draft, { mode: 0o700 });
  const writing = new StoneInTheMaking(draft, source);
  try {
    const migrations = await source.migrations();
    const { tenants, rows } = await writing.snapshot();
    const logs: BackedUpLog[] = [];
    const earlier = new Map(last?.stone.logs.map((log) => [log.tenant, log]));
    for (const tenant of tenants) {
      logs.push(await writing.log(tenant, earlier.get(tenant.tenant)));
      earlier.delete(tenant.tenant);
    }
    const [missing] = earlier.keys();
    if (missing !== undefined)
      throw new UsageError(`the database has no log of ${missing}, which the backup has: ${ANOTHER}`);
    const takenAt = now.toISOString();
    const stone: Stone = {
      format: FORMAT,
      backup: last?.stone.backup ?? randomUUID(),
      number,
      previous: last?.sha256 ?? null,
      // A clock that was set back must not make the stone look older than the one below it.
      takenAt: last && last.stone.takenAt > takenAt ? last.stone.takenAt : takenAt,
      migrations: [...migrations],
      keys: [...keys],
      logs,
      alertingRows: rows,
      files: writing.files,
    };
    await writeDurably(path.join(draft, STONE_FILE), stoneText(stone));
    await syncFolder(draft);
    await fs.rename(draft, path.join(directory, stoneName(number)));
    await syncFolder(directory);
    const events = logs.reduce((sum, { from, to }) => sum + BigInt(to) - BigInt(from), 0n);
    return { stone, events, bytes: Object.values(writing.files).reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    throw error;
  }
}

const ANOTHER = 'the backup is of another database, or of a later state of this one; begin a new folder';

class StoneInTheMaking {
  readonly files: Record<string, { bytes: number; sha256: string }> = {};

  constructor(
    private readonly directory: string,
    private readonly source: BackupSource,
  ) {}

  async snapshot(): Promise<{ readonly tenants: readonly BackedUpTenant[]; readonly rows: number }> {
    let tenants: readonly BackedUpTenant[] = [];
    let count = 0;
    await this.file(ALERTING_FILE, async (file) => {
      tenants = await this.source.snapshot(async (rows) => {
        count += rows.length;
        for (const { table, tenant, row } of rows) await file.line([table, tenant, row]);
      });
    });
    return { tenants, rows: count };
  }

  async log({ tenant, head, signed }: BackedUpTenant, before: BackedUpLog | undefined): Promise<BackedUpLog> {
    const from = BigInt(before?.to ?? 0);
    const signedFrom = BigInt(before?.signed ?? 0);
    const met = before?.last === undefined ? undefined : await this.source.eventAt(tenant, from);
    if (head < from || signed < signedFrom || met !== before?.last) {
      throw new UsageError(`the log of ${tenant} does not go on from what the backup has of it: ${ANOTHER}`);
    }
    const name = fileName(tenant);
    const hasEvents = head > from;
    const hasCheckpoints = signed > signedFrom;
    let last = before?.last;
    let reached = from;
    if (hasEvents) {
      await this.file(`events-${name}.ndjson`, async (file) => {
        for await (const rows of this.source.events(tenant, from, head)) {
          for (const row of rows) await file.line(row);
          last = rows.at(-1)![2];
          reached = BigInt(rows.at(-1)![0]);
        }
        if (reached !== head) throw new UsageError(`the log of ${tenant} has a gap after position ${reached}`);
      });
    }
    if (hasCheckpoints) {
      await this.file(`checkpoints-${name}.ndjson`, async (file) => {
        for await (const rows of this.source.checkpoints(tenant, signedFrom, signed)) {
          for (const row of rows) await file.line(row);
        }
      });
    }
    return {
      tenant,
      from: String(from),
      to: String(head),
      ...(last !== undefined && { last }),
      signedFrom: String(signedFrom),
      signed: String(signed),
      ...(hasEvents && { events: `events-${name}.ndjson` }),
      ...(hasCheckpoints && { checkpoints: `checkpoints-${name}.ndjson` }),
    };
  }

  private async file(name: string, write: (file: StoneFile) => Promise<void>): Promise<void> {
    const file = await StoneFile.create(this.directory, name);
    try {
      await write(file);
    } catch (error) {
      await file.abandon();
      throw error;
    }
    this.files[name] = await file.close();
  }
}

/** A tenant as part of a file's name, which has 255 bytes at the most. */
function fileName(tenant: string): string {
  const name = pathPart(tenant);
  return name.length <= 150 ? name : createHash('sha256').update(tenant).digest('hex');
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await fs.open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
