import type { People, Viewer } from '@cairn/access';
import { type EventStore, isUuid, type Position, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import { EventHistory, type HistorySelection, LOG_STORE } from '@cairn/platform';
import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type Page, page, type PageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import { EVERYTHING, namesOneOf, questionsAndSignatures, recordEvents } from './record-events.js';

/** An event that is shown to somebody. */
export interface ShownEvent extends RecordedEvent {
  /** Whose arms the viewer may know, where that is not the same for everybody in the trial. */
  readonly armsOf?: ReadonlySet<string> | undefined;
  /** Who people were at the time that was asked for; absent: who they are. */
  readonly people?: People | undefined;
}

export type HistoryPage = Page<ShownEvent> & { totalCount(): Promise<number> };

/** What is asked for of a part of the log. */
export interface HistoryQuestion extends HistorySelection {
  /** An event: of the selection, what is about the record that it holds or strikes. */
  readonly record?: string;
}

/** A page of recorded events, newest first. The selection has nothing in it that the viewer may not see. */
export class ReadHistory extends Query<HistoryPage> {
  constructor(
    readonly viewer: Viewer,
    readonly selection: HistoryQuestion,
    readonly request: PageRequest,
    readonly armsOf?: ReadonlySet<string>,
  ) {
    super();
  }
}

/** Up to a megabyte each, and shown by the cut that they are of, not by a history. */
const TABLE_TEXTS = { type: 'CutTableKept', member: 'text' };

@QueryHandler(ReadHistory)
export class ReadHistoryHandler implements IQueryHandler<ReadHistory> {
  constructor(
    private readonly history: EventHistory,
    @Inject(LOG_STORE) private readonly store: EventStore,
  ) {}

  async execute({ viewer, selection: given, request, armsOf }: ReadHistory): Promise<HistoryPage> {
    const { tenant } = viewer;
    const { record, ...whole } = given;
    const selection =
      record === undefined ? whole : { ...whole, streams: await this.ofRecord(tenant, whole.streams, record) };
    // Newest first: what comes after a cursor lies below its position.
    const below = await this.positionOf(tenant, selection, request.after);
    const above = await this.positionOf(tenant, selection, request.before);
    const read = await this.history.read(tenant, selection, {
      order: request.from === 'start' ? 'newest first' : 'oldest first',
      ...(below !== undefined && { below }),
      ...(above !== undefined && { above }),
      limit: request.size + 1,
      without: TABLE_TEXTS,
    });
    const events = request.from === 'start' ? read : read.toReversed();
    const shown = events.map((event): ShownEvent => ({
      ...event,
      // The log's own positions count what is recorded of everybody.
      ...(!viewer.knowsPositions && { position: BigInt(event.recordedAt) }),
      armsOf,
    }));
    return {
      ...page(request, shown, (event) => event.id),
      totalCount: () => this.history.count(tenant, selection),
    };
  }

  /** Where the history of one record lies, within that part of the log in which the viewer may look. */
  private async ofRecord(
    tenant: TenantId,
    streams: HistorySelection['streams'],
    event: string,
  ): Promise<HistorySelection['streams']> {
    const versions = (await recordEvents(this.store, tenant, event)).filter((each) => isIn(streams, each));
    if (versions.length === 0) return {};
    const candidates = await this.history.read(tenant, questionsAndSignatures(versions[0]!), EVERYTHING);
    const naming = candidates.filter((each) => isIn(streams, each) && namesOneOf(each, versions));
    return {
      positions: versions.map(({ position }) => position),
      // With what became of it: answers are in the stream of their question.
      names: naming.map(({ stream }) => stream),
    };
  }

  /**
   * A cursor is the id of an event, not its position, which would tell how much lies between two of them. One that is not
   * in the viewer's selection is answered like one that does not exist.
   */
  private async positionOf(
    tenant: TenantId,
    { streams }: HistorySelection,
    cursor: string | undefined,
  ): Promise<Position | undefined> {
    if (cursor === undefined) return undefined;
    const event = isUuid(cursor) ? await this.store.findEvent(tenant, cursor) : undefined;
    if (!event || !isIn(streams, event)) throw badInput('the cursor is not one of this list');
    return event.position;
  }
}

/** Whether an event lies in a part of the log. */
export const isIn = (
  { names = [], prefixes = [], positions = [] }: HistorySelection['streams'],
  { stream, position }: RecordedEvent,
): boolean =>
  names.includes(stream) || positions.includes(position) || prefixes.some((prefix) => stream.startsWith(prefix));
