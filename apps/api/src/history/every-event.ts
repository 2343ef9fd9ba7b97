import type { Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { EventHistory, HistorySelection } from '@cairn/platform';

/** Events that are read at once. */
const PAGE = 1_000;

/** All events of a selection, however many, in the order of the log. @param range between which positions, both exclusive */
export async function* everyEvent(
  history: Pick<EventHistory, 'read'>,
  tenant: TenantId,
  selection: HistorySelection,
  { above: from = 0n, below }: { readonly above?: Position; readonly below?: Position | undefined } = {},
): AsyncGenerator<RecordedEvent> {
  for (let above = from; ;) {
    const range = { order: 'oldest first', above, ...(below !== undefined && { below }), limit: PAGE } as const;
    const page = await history.read(tenant, selection, range);
    yield* page;
    if (page.length < PAGE) return;
    above = page.at(-1)!.position;
  }
}
