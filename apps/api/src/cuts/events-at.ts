import type { Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';

/** Events that are asked of the database at once. */
const AT_ONCE = 1_000;

/** Events of one log by their positions: those that one answer asks for are read together, and each once. */
export class EventsAt {
  private readonly known = new Map<Position, Promise<RecordedEvent | undefined>>();
  private wanted: Position[] = [];
  private reading: Promise<ReadonlyMap<Position, RecordedEvent>> | undefined;

  constructor(
    private readonly history: Pick<EventHistory, 'read'>,
    private readonly tenant: TenantId,
  ) {}

  at(position: Position): Promise<RecordedEvent | undefined> {
    const known = this.known.get(position);
    if (known) return known;
    this.wanted.push(position);
    // Resolvers of one list run before the event loop turns.
    this.reading ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.read());
    const found = this.reading.then((events) => events.get(position));
    this.known.set(position, found);
    return found;
  }

  private async read(): Promise<ReadonlyMap<Position, RecordedEvent>> {
    const wanted = this.wanted;
    this.wanted = [];
    this.reading = undefined;
    const found = new Map<Position, RecordedEvent>();
    for (let from = 0; from < wanted.length; from += AT_ONCE) {
      const positions = wanted.slice(from, from + AT_ONCE);
      const range = { order: 'oldest first', limit: positions.length } as const;
      const page = await this.history.read(this.tenant, { streams: { positions } }, range);
      for (const event of page) found.set(event.position, event);
    }
    return found;
  }
}
