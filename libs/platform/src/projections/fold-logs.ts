import { type EventStore, LOG_START, type Position, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Database } from '../postgres/database.js';
import { BuildDocuments } from './build-documents.js';
import { insertCheckpoint, insertParked } from './checkpoint.js';
import { indexDocumentTable } from './document-table.js';
import type { FeedTools } from './live-feed.js';
import { decodePage, foldPage, type Halt, type ParkedEvent } from './page-fold.js';
import type { Building } from './rebuild.js';

/** What a building may hold in memory before it spills into its tables. */
export interface RebuildBudget {
  /** Default 200,000. */
  readonly maxDocuments?: number;
  /**
   * Characters of payload folded into the documents in memory, default 32 million. Doubled, up to eight times of it,
   * while a log has all its documents in hand all the time: they would only go to and fro.
   */
  readonly maxPayload?: number;
  /** Events in a page, 1 to 10,000, default 2,000. */
  readonly pageSize?: number;
}

/** How many times its budget of payload a building may take where spilling does not help. */
const MOST_DOUBLED = 8;
/** Time between two notes of how far a building is, in milliseconds. */
const NOTE_PROGRESS_EVERY_MS = 500;

/**
 * Folds every log from its start to its present end, each log read once and each event decoded once for all buildings,
 * and fills their tables and checkpoints.
 */
export async function foldLogs(
  buildings: readonly Building[],
  tools: FeedTools,
  budget: RebuildBudget,
  signal: AbortSignal,
): Promise<void> {
  const tenants = await tools.store.tenants();
  const progress = new Progress(buildings, tools);
  for (const tenant of tenants) progress.of += Number(await tools.store.head(tenant));
  await progress.note();
  for (const tenant of tenants) await foldLog(tenant, buildings, tools, budget, progress, signal);
  await progress.note();
}

async function foldLog(
  tenant: TenantId,
  buildings: readonly Building[],
  { store, database, catalogue }: FeedTools,
  { maxDocuments = 200_000, maxPayload = 32_000_000, pageSize = 2_000 }: RebuildBudget,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  let mayHold = maxPayload;
  const versions = catalogue.versions();
  const wanted = new Set(buildings.flatMap(({ definition }) => definition.projection.eventTypes));
  const folds = buildings.map((building) => ({
    building,
    documents: new BuildDocuments(database, building, tenant, () => ensureIndexed(database, building)),
    parked: new Map<string, Position>(),
    parkedEvents: [] as ParkedEvent[],
    position: LOG_START,
    halt: undefined as Halt | undefined,
  }));
  for await (const events of pagesToEnd(store, tenant, pageSize)) {
    signal.throwIfAborted();
    const page = decodePage(events, wanted, catalogue, versions);
    for (const fold of folds) {
      if (fold.halt) continue;
      const folded = await foldPage(fold.building.definition, page, fold.position, fold.documents, fold.parked);
      fold.position = folded.position;
      fold.halt = folded.halt;
      fold.parkedEvents.push(...folded.parked);
    }
    const inMemory = folds.reduce((sum, { documents }) => sum + documents.documents, 0);
    const payload = folds.reduce((sum, { documents }) => sum + documents.payload, 0);
    if (payload > mayHold || inMemory > maxDocuments) {
      const thrashing = folds.some(({ documents }) => documents.thrashing);
      if (thrashing && mayHold < maxPayload * MOST_DOUBLED) mayHold *= 2;
      else for (const { documents } of folds) await documents.spill();
    }
    for (const { documents } of folds) documents.turnPage();
    await progress.add(events.length);
  }
  for (const { building, documents, position, halt, parkedEvents } of folds) {
    await documents.flush();
    await database.inTenant(tenant, async (client) => {
      await insertCheckpoint(client, building.generation, tenant, { position, halt });
      await insertParked(client, building.generation, tenant, parkedEvents);
    });
  }
}

/** Rows are looked for by key from now on. Once for a building, whatever log it is that spilled. */
function ensureIndexed(database: Database, building: Building): Promise<void> {
  building.indexing ??= withClient(database, (client) => indexDocumentTable(client, building.generation));
  return building.indexing;
}

async function withClient(database: Database, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  const client = await database.pool.connect();
  try {
    await work(client);
  } finally {
    client.release();
  }
}

/** Pages until the log has no more for now. The next one is read while this one is worked on. */
async function* pagesToEnd(
  store: EventStore,
  tenant: TenantId,
  limit: number,
): AsyncGenerator<readonly RecordedEvent[]> {
  let next: Promise<readonly RecordedEvent[]> | undefined = store.readLog(tenant, { from: LOG_START, limit });
  while (next) {
    const page: readonly RecordedEvent[] = await next;
    if (page.length === 0) return;
    next = page.length < limit ? undefined : store.readLog(tenant, { from: page.at(-1)!.position, limit });
    // When the work on this page fails, nobody waits for the next one.
    next?.catch(() => undefined);
    yield page;
  }
}

class Progress {
  of = 0;
  private events = 0;
  private noted = 0;

  constructor(
    private readonly buildings: readonly Building[],
    private readonly tools: FeedTools,
  ) {}

  async add(events: number): Promise<void> {
    this.events += events;
    const names = this.buildings.map(({ generation }) => generation.name);
    await this.tools.observer.building?.({ names, events: this.events, of: this.of });
    if (performance.now() - this.noted > NOTE_PROGRESS_EVERY_MS) await this.note();
  }

  async note(): Promise<void> {
    this.noted = performance.now();
    await this.tools.database.pool.query(
      `update read_model.generation g set events_done = $3::bigint, events_total = greatest($3::bigint, $4::bigint)
       from unnest($1::text[], $2::int[]) as b (projection, generation)
       where g.projection = b.projection and g.generation = b.generation`,
      [
        this.buildings.map(({ generation }) => generation.name),
        this.buildings.map(({ generation }) => generation.generation),
        this.events,
        this.of,
      ],
    );
  }
}
