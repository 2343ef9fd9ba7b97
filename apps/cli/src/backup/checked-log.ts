import { cloudEventLine, leafHash, scopeOf, type VerifierKey } from '@cairn/audit';
import type { TenantId } from '@cairn/event-sourcing';
import { type CheckpointRow, type EventRow, readEvent, type TileGrowth } from '@cairn/platform';
import type { PlacedStone } from './chain.js';
import { CheckedTrees, WHOLE_LOG } from './checked-trees.js';
import { BackupDamaged } from './problem.js';
import { STONE_FILE } from './stone.js';
import { stoneLines } from './stone-lines.js';

/** Columns of an event and of a checkpoint; all are texts, or null. */
const EVENT_COLUMNS = 14;
const CHECKPOINT_COLUMNS = 5;

/** Events after which tiles are handed on, at the latest. */
const TILES_EVERY = 16_384;

/** Some events of a log in their order, and what was signed by the end of them. */
export interface CheckedPage {
  readonly events: readonly EventRow[];
  /** Of positions up to `signed`, and after those of the page before. */
  readonly checkpoints: readonly CheckpointRow[];
  /** What tiles have grown by since they were handed on last; mostly nothing. Once all is signed, it is all there is. */
  readonly tiles: readonly TileGrowth[];
  /** 0 where nothing was signed in this page. */
  readonly signed: bigint;
  /** Of the whole log as far as it is signed. */
  readonly root: string | undefined;
}

interface PlacedCheckpoint {
  readonly row: CheckpointRow;
  readonly position: bigint;
  readonly file: string;
}

/**
 * One tenant's log through all stones, with every tree made again from the events and compared with each signed checkpoint.
 * Nothing may be relied on before the end: a file's digest is known after its last line. In memory are the edges of trees only.
 * @param keys whose signatures are believed
 * @throws BackupDamaged at the first event or checkpoint that is not what was signed or written
 */
export async function* checkedLog(
  chain: readonly PlacedStone[],
  tenant: TenantId,
  keys: readonly VerifierKey[],
): AsyncGenerator<CheckedPage> {
  const checkpoints = checkpointsOf(chain, tenant);
  try {
    yield* checkedPages(chain, tenant, new CheckedTrees(tenant, keys), checkpoints);
  } finally {
    // Its file is open where the log ended early.
    await checkpoints.return(undefined);
  }
}

async function* checkedPages(
  chain: readonly PlacedStone[],
  tenant: TenantId,
  trees: CheckedTrees,
  checkpoints: AsyncGenerator<PlacedCheckpoint>,
): AsyncGenerator<CheckedPage> {
  const end = logOf(chain.at(-1)!, tenant)!;
  const allSigned = BigInt(end.signed);
  let next = await checkpoints.next();
  let position = 0n;
  let grown = 0;
  for (const stone of chain) {
    const log = logOf(stone, tenant);
    if (log?.events === undefined) continue;
    const file = stone.pathOf(log.events);
    const bad = (message: string): BackupDamaged => new BackupDamaged(file, message, { tenant, position });
    for await (const lines of stoneLines(stone, log.events)) {
      const events: EventRow[] = [];
      const passed: CheckpointRow[] = [];
      let signed = 0n;
      for (const { value, line } of lines) {
        position++;
        if (!isRow<EventRow>(value, EVENT_COLUMNS) || value[0] !== String(position)) {
          throw bad(`Line ${line} of ${file} is not the event at position ${position} of the log of ${tenant}.`);
        }
        events.push(value);
        if (position > allSigned) continue;
        const { leaf, scope } = leafOf(tenant, value, () => bad(`Line ${line} of ${file} is no event.`));
        for (const each of [WHOLE_LOG, scope]) trees.add(each, leaf, position);
        while (next.done !== true && next.value.position === position) {
          trees.check(next.value.row, { notes: next.value.file, events: file });
          passed.push(next.value.row);
          signed = position;
          next = await checkpoints.next();
        }
        const [open] = position === allSigned ? trees.unsigned() : [];
        if (open !== undefined)
          throw bad(`A checkpoint of ${open} is missing: not all of its events up to ${file} are signed.`);
      }
      grown += events.length;
      // Only now and then: each time the last tile of every tree is another row. What is not signed yet is so with the next.
      const isTime = signed > 0n && (grown >= TILES_EVERY || position >= allSigned);
      if (isTime) grown = 0;
      yield {
        events,
        checkpoints: passed,
        tiles: isTime ? trees.takeGrowth() : [],
        signed,
        root: trees.root(),
      };
    }
    if (String(position) !== log.to) throw bad(`${file} ends at position ${position}, not at ${log.to}.`);
  }
  if (String(position) !== end.to) {
    const file = chain.at(-1)!.pathOf(STONE_FILE);
    throw new BackupDamaged(file, `The log of ${tenant} ends at position ${position}, not at ${end.to}.`);
  }
  if (next.done !== true) {
    const { file } = next.value;
    throw new BackupDamaged(file, `A checkpoint in ${file} is of no position that comes in its turn.`);
  }
}

/** All checkpoints of a tenant, by position. */
async function* checkpointsOf(chain: readonly PlacedStone[], tenant: TenantId): AsyncGenerator<PlacedCheckpoint> {
  for (const stone of chain) {
    const name = logOf(stone, tenant)?.checkpoints;
    if (name === undefined) continue;
    const file = stone.pathOf(name);
    for await (const lines of stoneLines(stone, name)) {
      for (const { value, line } of lines) {
        if (!isRow<CheckpointRow>(value, CHECKPOINT_COLUMNS) || !/^\d{1,18}$/.test(value[2])) {
          throw new BackupDamaged(file, `Line ${line} of ${file} is no checkpoint.`);
        }
        yield { row: value, position: BigInt(value[2]), file };
      }
    }
  }
}

const logOf = ({ stone }: PlacedStone, tenant: TenantId) => stone.logs.find((log) => log.tenant === tenant);

const isRow = <Row extends readonly unknown[]>(value: unknown, columns: number): value is Row =>
  Array.isArray(value) &&
  value.length === columns &&
  value.every((column: unknown) => column === null || typeof column === 'string');

function leafOf(tenant: TenantId, row: EventRow, failed: () => BackupDamaged) {
  try {
    const event = readEvent(tenant, row);
    return { leaf: leafHash(cloudEventLine(event)), scope: scopeOf(event.stream) };
  } catch {
    throw failed();
  }
}
