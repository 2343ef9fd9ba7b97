import {
  ageInDays,
  type DataQuery,
  evolveQuery,
  noQuery,
  queryEventTypes,
  type QueryEvent,
  queryStream,
} from '@cairn/audit';
import { EventCatalogue, type Fact, type Position, type TenantId } from '@cairn/event-sourcing';
import type { Moment } from '@cairn/monitoring';
import type { EventHistory } from '@cairn/platform';
import { everyEvent } from '../history/every-event.js';
import { LRUCache } from 'lru-cache';

/** A query at a moment, with what was said in it by then. */
export type QueryAt = Exclude<DataQuery, { kind: 'none' }> & {
  readonly ageDays: number;
  readonly entries: readonly [QueryEntry, ...QueryEntry[]];
};

/** Something that was said in a query, as it was recorded. */
export type QueryEntry = Fact<QueryEvent>;

interface Read {
  readonly events: readonly QueryEntry[];
  readonly position: Position;
}

const catalogue = new EventCatalogue(queryEventTypes);
/** Trials whose queries are kept. */
const MAX_TRIALS = 100;

/** The queries of trials, from the log; what was read is kept and read on. */
export class TrialQueries {
  private readonly kept = new LRUCache<string, Promise<Read>>({ max: MAX_TRIALS });

  constructor(private readonly history: Pick<EventHistory, 'read'>) {}

  /** Every query that had been raised by the moment, the last raised first. */
  async at(tenant: TenantId, trial: string, { asOf, knownAt }: Moment): Promise<readonly QueryAt[]> {
    const { events } = await this.read(tenant, trial);
    const byQuery = new Map<string, QueryEntry[]>();
    for (const event of events) {
      if (event.recordedAt > knownAt) break;
      if (event.occurredAt > asOf) continue;
      const entries = byQuery.get(event.data.query);
      if (entries) entries.push(event);
      else byQuery.set(event.data.query, [event]);
    }
    return [...byQuery.values()].toReversed().flatMap((entries) => {
      const query = entries.reduce<DataQuery>(evolveQuery, noQuery);
      if (query.kind === 'none') return [];
      const [first, ...others] = entries as [QueryEntry, ...QueryEntry[]];
      return [{ ...query, ageDays: ageInDays(query, asOf), entries: [first, ...others] }];
    });
  }

  private read(tenant: TenantId, trial: string): Promise<Read> {
    const key = JSON.stringify([tenant, trial]);
    const before = this.kept.get(key);
    const reading = this.readOn(tenant, trial, before);
    this.kept.set(key, reading);
    return reading;
  }

  private async readOn(tenant: TenantId, trial: string, before: Promise<Read> | undefined): Promise<Read> {
    const read = (await before?.catch(() => undefined)) ?? { events: [], position: 0n };
    const selection = { streams: { prefixes: [queryStream(trial, '')] } };
    const events = [...read.events];
    for await (const recorded of everyEvent(this.history, tenant, selection, { above: read.position })) {
      events.push(catalogue.decode(recorded) as unknown as QueryEntry);
    }
    return { events, position: events.at(-1)?.position ?? read.position };
  }
}
