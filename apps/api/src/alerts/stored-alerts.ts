import {
  EventCatalogue,
  type EventStore,
  type Fact,
  type Position,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import type { EventsOfTypes } from '@cairn/platform';
import { alertedTypes, alertOf, type RecordedAlert, type SignalEvent, signalEventTypes } from '@cairn/signals';

/** Which alerts are read: those after a position, the earliest first. */
export interface AlertRange {
  readonly after: Position;
  readonly limit: number;
  /** Of this trial only; otherwise of all of the tenant's. */
  readonly trial?: string | undefined;
}

/** Where alerts are read from. */
export interface AlertSource {
  read(tenant: TenantId, range: AlertRange): Promise<readonly RecordedAlert[]>;
  /** The end of the log: what is recorded from now on comes after it. */
  head(tenant: TenantId): Promise<Position>;
  /** The alert of this id; undefined where there is none. */
  find(tenant: TenantId, id: string): Promise<RecordedAlert | undefined>;
}

const catalogue = new EventCatalogue(signalEventTypes);
const alerted: ReadonlySet<string> = new Set(alertedTypes);

/** Alerts as they follow from the log, which is where they are kept. */
export class StoredAlerts implements AlertSource {
  constructor(
    private readonly events: EventsOfTypes,
    private readonly store: Pick<EventStore, 'head' | 'findEvent'>,
  ) {}

  async read(tenant: TenantId, { after, limit, trial }: AlertRange): Promise<readonly RecordedAlert[]> {
    const range = { after, limit, ...(trial !== undefined && { streamsUnder: streamName(trial) }) };
    const events = await this.events.read(tenant, alertedTypes, range);
    return events.map((event) => alertOf(catalogue.decode(event) as Fact<SignalEvent>));
  }

  head(tenant: TenantId): Promise<Position> {
    return this.store.head(tenant);
  }

  async find(tenant: TenantId, id: string): Promise<RecordedAlert | undefined> {
    const event = await this.store.findEvent(tenant, id);
    return event && alerted.has(event.type) ? alertOf(catalogue.decode(event) as Fact<SignalEvent>) : undefined;
  }
}
