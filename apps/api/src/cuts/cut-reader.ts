import {
  checkCut,
  type CutTable,
  CutAltered,
  type CutEvent,
  cutEventTypes,
  cutStream,
  dataCut,
  type DataCut,
  keptTable,
  keptText,
  type KeptPart,
  readTable,
  type TableContent,
} from '@cairn/audit';
import {
  EventCatalogue,
  type EventStore,
  type Instant,
  parseInstant,
  type Position,
  type RecordedEvent,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import type { TrialLog, Turn } from './trial-log.js';
import type { Workshop } from './workshop.js';

/** A cut, and who took it when. */
export interface TakenCut {
  readonly cut: DataCut;
  /** Of the event that fixed it. */
  readonly event: string;
  readonly takenAt: Instant;
  /** The person. */
  readonly takenBy: string;
}

/** A table as it was when its cut was taken. */
export interface KeptTable {
  readonly listed: CutTable;
  /** Exactly what was hashed. */
  readonly text: string;
  readonly content: TableContent;
}

/** What folding the log again says of the tables that are kept. */
export interface Recomputed {
  readonly same: boolean;
  /** Names of tables of which the code makes others today, by name. */
  readonly differing: readonly string[];
}

const catalogue = new EventCatalogue(cutEventTypes);
/** Events that are read at once; a part has up to a megabyte. */
const PAGE = 16;
/** Cuts of one trial that are listed; a committee looks some times a year. */
const MAX_CUTS = 10_000;

/** Reads the cuts of a trial from the log, and never tells one otherwise than it was taken. */
export class CutReader {
  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly history: Pick<EventHistory, 'read'>,
    private readonly log: TrialLog,
    private readonly workshop: Workshop,
  ) {}

  /** Newest first. @throws CutAltered */
  async list(tenant: TenantId, trial: string): Promise<readonly TakenCut[]> {
    const selection = { streams: { prefixes: [`${streamName(trial, 'cut')}/`] }, types: ['DataCutTaken'] };
    const events = await this.history.read(tenant, selection, { order: 'newest first', limit: MAX_CUTS });
    return events.map(takenCut);
  }

  /** @throws CutAltered when what is kept of it is not what was taken */
  async find(tenant: TenantId, trial: string, id: string): Promise<TakenCut | undefined> {
    const [event] = await this.store.readStream(tenant, cutStream(trial, id), { limit: 1 });
    return event && takenCut(event);
  }

  /**
   * Tables of a cut, in its order, bit for bit.
   * @param wanted which of them; who asks is not asked here
   * @throws CutAltered that names the first table of which another text is kept, or none
   */
  async tables(
    tenant: TenantId,
    { cut }: TakenCut,
    wanted: (table: CutTable) => boolean = () => true,
  ): Promise<readonly KeptTable[]> {
    const listed = cut.tables.filter(wanted);
    const texts = await this.texts(tenant, cut, new Set(listed.map(({ table }) => table)));
    return listed.map((each) => {
      const text = keptText(cut.cut, each, texts.get(each.table) ?? []);
      return { listed: each, text, content: readTable(text) };
    });
  }

  /**
   * Folds the events of the trial again that were in the cut, and compares.
   * @throws CutAltered when the log does not have as many
   */
  async recompute(tenant: TenantId, taken: TakenCut, turn: Turn): Promise<Recomputed> {
    const { cut } = taken;
    const pages = this.log.pages(tenant, cut.trial, await this.positionOf(tenant, taken), turn);
    const task = { kind: 'digests', occurredBefore: parseInstant(cut.occurredBefore)! } as const;
    const made = await this.workshop.make(tenant, task, pages);
    if (!made) throw new CutAltered(cut.cut, 'the log that it was taken of');
    const kept = new Map(cut.tables.map(({ table, sha256 }) => [table, sha256]));
    const names = new Set([...made.keys(), ...kept.keys()]);
    const differing = [...names].filter((name) => made.get(name) !== kept.get(name)).sort();
    return { same: differing.length === 0, differing };
  }

  /**
   * Where the cut ends in this log. The position that it was taken at is that of the log in which it was; counted by the
   * events of the trial it is found in every copy.
   * @throws CutAltered when the log does not have as many events
   */
  async positionOf(tenant: TenantId, { cut }: TakenCut): Promise<Position> {
    const position = await this.log.positionOf(tenant, cut.trial, cut.size);
    if (position === undefined) throw new CutAltered(cut.cut, 'the log that it was taken of');
    return position;
  }

  /** Parts by their table: only those that are wanted are kept in memory. */
  private async texts(
    tenant: TenantId,
    { trial, cut }: DataCut,
    wanted: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, readonly KeptPart[]>> {
    const parts = new Map<string, KeptPart[]>();
    if (wanted.size === 0) return parts;
    for (let from = 1; ; from += PAGE) {
      const page = await this.store.readStream(tenant, cutStream(trial, cut), { from, limit: PAGE });
      for (const recorded of page) {
        const part = read(cut, recorded, 'CutTableKept', keptTable);
        if (!wanted.has(part.table)) continue;
        parts.set(part.table, [...(parts.get(part.table) ?? []), part]);
      }
      if (page.length < PAGE) return parts;
    }
  }
}

function takenCut(event: RecordedEvent): TakenCut {
  const named = event.stream;
  const cut = read(named, event, 'DataCutTaken', dataCut);
  if (cutStream(cut.trial, cut.cut) !== event.stream) throw new CutAltered(named, 'the cut itself');
  checkCut(cut);
  return { cut, event: event.id, takenAt: event.recordedAt, takenBy: event.actor };
}

/** What an event of a cut holds. @throws CutAltered for one that nobody who takes a cut can have written */
function read<Data>(
  cut: string,
  event: RecordedEvent,
  type: CutEvent['type'],
  shape: { safeParse(data: unknown): { readonly success: true; readonly data: Data } | { readonly success: false } },
): Data {
  try {
    const read = event.type === type && shape.safeParse(catalogue.decode(event).data);
    if (read && read.success) return read.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CutAltered(cut, `its event ${event.revision}`);
}
