import { type Position, type RecordedEvent, streamName, type TenantId } from '@cairn/event-sourcing';
import type { EventHistory, HistorySelection } from '@cairn/platform';
import { foldedTypes } from './trial-fold.js';

/** Waits for the tenant's turn of the event loop. */
export type Turn = () => Promise<void>;

/** Events that are read at one turn: some milliseconds of it. */
const PAGE = 1_000;

/** Every stream of a trial. */
export const streamsOf = (trial: string): HistorySelection['streams'] => ({ prefixes: [`${streamName(trial)}/`] });

/** Reads a trial from the log itself: whatever read models have become, what was recorded is there. */
export class TrialLog {
  constructor(private readonly history: Pick<EventHistory, 'read' | 'count' | 'positionOf'>) {}

  /** How many events the trial has up to a position. */
  size(tenant: TenantId, trial: string, upTo: Position): Promise<number> {
    return this.history.count(tenant, { streams: streamsOf(trial), upTo });
  }

  /** Where the trial had so many events; undefined where it never had. */
  positionOf(tenant: TenantId, trial: string, size: number): Promise<Position | undefined> {
    return this.history.positionOf(tenant, { streams: streamsOf(trial) }, size);
  }

  /** What numbers are made of, up to a position, in the order of the log. @param turn awaited before each page is given */
  async *pages(
    tenant: TenantId,
    trial: string,
    upTo: Position,
    turn: Turn,
  ): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
    const selection = { streams: streamsOf(trial), types: foldedTypes, upTo };
    for (let above = 0n; ;) {
      const page = await this.history.read(tenant, selection, { order: 'oldest first', above, limit: PAGE });
      await turn();
      yield page;
      if (page.length < PAGE) return;
      above = page.at(-1)!.position;
    }
  }
}
