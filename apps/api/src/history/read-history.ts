import type { RecordedEvent } from '@cairn/event-sourcing';
import { EventHistory, type HistorySelection } from '@cairn/platform';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type Page, page, type PageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import type { Identity } from '../identity.js';

export type HistoryPage = Page<RecordedEvent> & { totalCount(): Promise<number> };

/** A page of recorded events, newest first. */
export class ReadHistory extends Query<HistoryPage> {
  constructor(
    readonly identity: Pick<Identity, 'tenant'>,
    readonly selection: HistorySelection,
    readonly request: PageRequest,
  ) {
    super();
  }
}

@QueryHandler(ReadHistory)
export class ReadHistoryHandler implements IQueryHandler<ReadHistory> {
  constructor(private readonly history: EventHistory) {}

  async execute({ identity: { tenant }, selection, request }: ReadHistory): Promise<HistoryPage> {
    // Newest first: what comes after a cursor lies below its position.
    const below = positionOf(request.after);
    const above = positionOf(request.before);
    const read = await this.history.read(tenant, selection, {
      order: request.from === 'start' ? 'newest first' : 'oldest first',
      ...(below !== undefined && { below }),
      ...(above !== undefined && { above }),
      limit: request.size + 1,
    });
    const events = request.from === 'start' ? read : read.toReversed();
    return {
      ...page(request, events, (event) => event.position.toString()),
      totalCount: () => this.history.count(tenant, selection),
    };
  }
}

function positionOf(cursor: string | undefined): bigint | undefined {
  if (cursor === undefined) return undefined;
  if (!/^\d{1,18}$/.test(cursor)) throw badInput('the cursor is not one of this list');
  return BigInt(cursor);
}
