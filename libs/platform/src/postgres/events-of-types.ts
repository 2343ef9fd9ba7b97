import { isPlainText, LOG_START, type Position, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Database } from './database.js';
import { EVENT_COLUMNS, type EventRow, readEvent } from './event-row.js';

/** Which part of the events is read. */
export interface TypesRange {
  /** Exclusive; from the beginning where it is not given. */
  readonly after?: Position | undefined;
  /** Events at the most. */
  readonly limit: number;
  /** Only of streams whose names begin with these whole parts, given without the `/` that ends them. */
  readonly streamsUnder?: string | undefined;
}

/** What the index `event_of_signals` has: see migration 0011. Spelled as there, or the planner does not know it again. */
const INDEXED = [
  'SignalRaised',
  'SignalCleared',
  'SignalReturned',
  'SignalAcknowledged',
  'SignalAssigned',
  'SignalSnoozed',
  'SignalWoken',
  'SignalEscalated',
  'SignalResolved',
  'SignalOutcomeRecorded',
  'SignalRulePublished',
  'AlertSubscriptionOpened',
  'AlertSubscriptionChanged',
  'AlertSubscriptionPaused',
  'AlertSubscriptionResumed',
  'AlertSubscriptionClosed',
  'AlertSubscriptionDisabled',
  'AlertReplayRequested',
  'AlertSecretRotated',
] as const;
const indexed: ReadonlySet<string> = new Set(INDEXED);

/**
 * Values: tenant, position, types, first name of a stream and the one after the last or null, limit. As in the event store,
 * the statement itself sets the tenant for row-level security. Nothing is sorted: the index has them by position.
 */
const READ = {
  name: 'cairn_events_of_types',
  text: `with own as materialized (select set_config('cairn.tenant', $1, true) as tenant)
    select found.* from own cross join lateral (
      select ${EVENT_COLUMNS} from cairn.event
      where tenant = own.tenant and position > $2 and type in (${INDEXED.map((type) => `'${type}'`).join(', ')})
        and type = any ($3::text[]) and ($4::text is null or stream >= $4 and stream < $5)
      order by position limit $6
    ) found`,
} as const;

/** Reads what is recorded about signals and subscriptions, without what is recorded of anything else between them. */
export class EventsOfTypes {
  constructor(private readonly database: Database) {}

  /**
   * Events of some types after a position, the earliest first.
   * @throws Error for a type that is not in the index: it would be a search through the whole log
   */
  async read(tenant: TenantId, types: readonly string[], range: TypesRange): Promise<readonly RecordedEvent[]> {
    const missing = types.find((type) => !indexed.has(type));
    if (missing !== undefined) throw new Error(`events of the type ${missing} are not in the index of signal events`);
    const { after = LOG_START, limit, streamsUnder } = range;
    if (!isPlainText(tenant) || (streamsUnder !== undefined && !isPlainText(streamsUnder))) return [];
    // "0" is the character after "/" and streams compare by their bytes, so this range is the prefix.
    const [from, to] = streamsUnder === undefined ? [null, null] : [`${streamsUnder}/`, `${streamsUnder}0`];
    const query = { ...READ, rowMode: 'array', types: AS_TEXT, values: [tenant, after, types, from, to, limit] };
    const { rows } = await this.database.pool.query(query as pg.QueryArrayConfig);
    return (rows as unknown as EventRow[]).map((row) => readEvent(tenant, row));
  }
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };
