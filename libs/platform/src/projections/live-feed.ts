import { type EventCatalogue, type EventStore, LOG_START, type Position, type TenantId } from '@cairn/event-sourcing';
import { alone, type Lease, LeaseLost } from '../leases/lease.js';
import type { Database } from '../postgres/database.js';
import type { FanOut } from '../fan-out/fan-out.js';
import { Bell } from './bell.js';
import { advanceCheckpoint, type Checkpoint, insertParked, openCheckpoint, readCheckpoint } from './checkpoint.js';
import { upsertDocuments } from './document-table.js';
import { type Generation, readGenerations } from './generation.js';
import type { RecentDocuments } from './live-documents.js';
import { type DecodedPage, decodePage, type FoldedPage, foldPage } from './page-fold.js';
import { notifyProjected } from './projected-notice.js';
import type { ProjectionDefinition } from './projection-definition.js';
import type { RunnerObserver } from './runner-observer.js';
import { UnwrittenDocuments } from './unwritten-documents.js';

/** Events in a page of the live feed. */
const PAGE_SIZE = 1_000;
/** Events that are folded before anything is written, at the most. */
const GATHER_MAX_EVENTS = 50_000;
/** How long a feed waits before it looks without having been called, in milliseconds. */
const LOOK_EVERY_MS = 1_000;
const BACK_OFF_MS = [50, 200, 500, 1_000, 2_000, 5_000];

/** What every feed of a worker works with. */
export interface FeedTools {
  readonly database: Database;
  readonly store: EventStore;
  readonly catalogue: EventCatalogue;
  readonly definitions: readonly ProjectionDefinition[];
  readonly recent: RecentDocuments;
  readonly observer: RunnerObserver;
  /** By which readers elsewhere learn of what was written. */
  readonly fanOut: FanOut;
}

interface Followed {
  readonly definition: ProjectionDefinition;
  readonly generation: Generation;
  checkpoint: Checkpoint;
  readonly memory: UnwrittenDocuments;
  /** How far it was folded since the checkpoint was written. */
  folded: Pick<FoldedPage, 'position' | 'halt' | 'parked'> | undefined;
}

interface Gathered {
  readonly events: number;
  readonly position: Position;
  /** When its first page was in hand. */
  readonly started: number;
}

/**
 * Reads one tenant's log and feeds every projection that serves: one read, one decode, one transaction for a page.
 * Checkpoints decide; what is in memory is dropped whenever they do not move as expected.
 */
export class LiveFeed {
  private readonly bell = new Bell();
  private readonly versions: ReadonlyMap<string, number>;
  private followed: Followed[] | undefined;
  private stale = false;
  private retryingHalted = true;
  private lastWriteMs = 0;
  private isStopped = false;
  private running: Promise<void> | undefined;

  constructor(
    readonly tenant: TenantId,
    private readonly tools: FeedTools,
    private readonly lease: Lease = alone.of(tenant)!,
  ) {
    this.versions = tools.catalogue.versions();
  }

  /** @returns when it has ended: because it was stopped, or the lease ends */
  start(): Promise<void> {
    this.lease.signal.addEventListener('abort', () => this.bell.ring(), { once: true });
    return (this.running ??= this.lease.during(() => this.run()));
  }

  /** The log may have grown. */
  wake(): void {
    this.bell.ring();
  }

  /** Other generations may serve, or a checkpoint was changed from outside: read all of it again. */
  refresh(): void {
    this.stale = true;
    this.bell.ring();
  }

  /** Halted projections are given another chance, as they are when a worker starts. */
  retryHalted(): void {
    this.retryingHalted = true;
    this.refresh();
  }

  /** Ends after the page under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.bell.ring();
    await this.running;
  }

  private get stopping(): boolean {
    return this.isStopped || this.lease.signal.aborted;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      try {
        const moved = await this.step();
        failures = 0;
        if (!moved && !this.stopping) await this.bell.rung(LOOK_EVERY_MS);
      } catch (error) {
        this.followed = undefined;
        if (!(error instanceof LeaseLost)) this.tools.observer.failed?.(this.tenant, error);
        const pause = BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)]!;
        // Not the bell: a log that grows during an outage must not turn the pauses into a busy loop.
        for (let left = pause; left > 0 && !this.stopping; left -= 50) await new Promise((go) => setTimeout(go, 50));
      }
    }
  }

  /** Takes what there is, a page or several. @returns false when there was nothing to do */
  private async step(): Promise<boolean> {
    if (this.stale) {
      this.stale = false;
      this.followed = undefined;
    }
    this.followed ??= await this.open();
    const active = this.followed.filter(({ checkpoint }) => checkpoint.halt === undefined);
    if (active.length === 0) return false;
    const gathered = await this.gather(active);
    if (!gathered) return false;
    const { observer } = this.tools;
    await observer.folded?.(this.tenant);
    const started = performance.now();
    const lost = await this.write(active.filter(({ folded }) => folded !== undefined));
    this.lastWriteMs = performance.now() - started;
    await observer.committed?.(this.tenant, {
      ...gathered,
      milliseconds: performance.now() - gathered.started,
    });
    for (const { checkpoint, generation } of active) {
      if (checkpoint.halt) observer.halted?.(this.tenant, { name: generation.name, ...checkpoint.halt });
    }
    if (lost) this.followed = undefined;
    return true;
  }

  /**
   * Folds a page. Behind a full one there are more: they are folded too for as long as the last writing took, so that a
   * backlog over few large documents does not write all of them again for each page.
   * @returns undefined when the log has no more
   */
  private async gather(active: readonly Followed[]): Promise<Gathered | undefined> {
    const wanted = new Set(active.flatMap(({ definition }) => definition.projection.eventTypes));
    let from = active.map(({ checkpoint }) => checkpoint.position).reduce((a, b) => (a < b ? a : b));
    let started: number | undefined;
    let count = 0;
    for (;;) {
      const events = await this.tools.store.readLog(this.tenant, { from, limit: PAGE_SIZE });
      started ??= performance.now();
      if (events.length > 0) {
        from = events.at(-1)!.position;
        count += events.length;
        this.tools.observer.read?.(this.tenant, events);
        const page = decodePage(events, wanted, this.tools.catalogue, this.versions);
        for (const followed of active) await fold(followed, page);
      }
      const enough =
        events.length < PAGE_SIZE ||
        count >= GATHER_MAX_EVENTS ||
        performance.now() - started >= this.lastWriteMs ||
        this.stopping ||
        active.some(({ folded }) => folded?.halt);
      if (enough) return count === 0 ? undefined : { events: count, position: from, started };
    }
  }

  /** @returns whether another worker was faster for any projection */
  private async write(advanced: readonly Followed[]): Promise<boolean> {
    const { database, observer, fanOut } = this.tools;
    let lost = false;
    const announce = await database.inTenant(
      this.tenant,
      async (client) => {
        const scopes = new Set<string>();
        for (const followed of advanced) {
          const { generation, checkpoint, memory } = followed;
          const folded = followed.folded!;
          followed.folded = undefined;
          if (!(await advanceCheckpoint(client, generation, this.tenant, checkpoint, folded))) {
            lost = true;
            continue;
          }
          const changed = memory.take();
          await upsertDocuments(client, generation, this.tenant, changed);
          await insertParked(client, generation, this.tenant, folded.parked);
          followed.checkpoint = {
            ...checkpoint,
            position: folded.position,
            revision: checkpoint.revision + 1n,
            halt: folded.halt,
          };
          for (const { scope } of changed) scopes.add(scope);
        }
        const notice = { tenant: this.tenant, scopes: [...scopes], position: this.position() };
        const announcing = await notifyProjected(client, fanOut, notice);
        await observer.written?.(this.tenant);
        return announcing;
      },
      this.lease,
    );
    announce();
    return lost;
  }

  /** What readers of all projections together have at least; not known while one is fed by nobody or by others. */
  private position(): Position | undefined {
    const positions = this.followed!.map(({ checkpoint }) => checkpoint.position);
    if (positions.length < this.tools.definitions.length) return undefined;
    return positions.reduce((a, b) => (a < b ? a : b), positions[0] ?? LOG_START);
  }

  /** Finds what serves and where it is, and starts logs that it has not met. */
  private async open(): Promise<Followed[]> {
    const { database, definitions, recent } = this.tools;
    const retrying = this.retryingHalted;
    const generations = await readGenerations(
      database.pool,
      definitions.map(({ projection }) => projection.name),
    );
    const opened = await database.inTenant(this.tenant, async (client) => {
      const followed: Followed[] = [];
      for (const definition of definitions) {
        const { name, version } = definition.projection;
        const serving = generations.find((one) => one.name === name && one.state === 'serving');
        if (!serving || serving.version !== version || serving.hash !== definition.hash) continue;
        let checkpoint = await readCheckpoint(client, serving, this.tenant);
        if (!checkpoint) {
          if (!(await openCheckpoint(client, serving, this.tenant))) continue;
          checkpoint = await readCheckpoint(client, serving, this.tenant);
        }
        if (!checkpoint || checkpoint.fenced) continue;
        followed.push({
          definition,
          generation: serving,
          checkpoint: retrying ? { ...checkpoint, halt: undefined } : checkpoint,
          memory: new UnwrittenDocuments(recent.open(database, serving, this.tenant)),
          folded: undefined,
        });
      }
      return followed;
    });
    if (retrying) this.retryingHalted = false;
    return opened;
  }
}

async function fold(followed: Followed, page: DecodedPage): Promise<void> {
  const { definition, checkpoint, memory, folded: before } = followed;
  const after = before?.position ?? checkpoint.position;
  const folded = await foldPage(definition, page, after, memory, checkpoint.parked);
  if (folded.position === after && !folded.halt) return;
  followed.folded = {
    position: folded.position,
    halt: folded.halt,
    parked: [...(before?.parked ?? []), ...folded.parked],
  };
}
