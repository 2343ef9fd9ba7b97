import { type EventStore, isUuid, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type { HistoryRange, HistorySelection } from '@cairn/platform';

/**
 * The events that hold the versions of one record, and those that strike one of them: what a void or an amendment names is
 * in its own stream. In the order of the log; none where there is no such event.
 * @param id of any of them
 */
export async function recordEvents(store: EventStore, tenant: TenantId, id: string): Promise<readonly RecordedEvent[]> {
  const event = isUuid(id) ? await store.findEvent(tenant, id.toLowerCase()) : undefined;
  if (!event) return [];
  const stream = (await store.readStream(tenant, event.stream)).map((each) => ({ each, names: named(each) }));
  const found = new Set([event.id]);
  // To the first version, then to everything that names one: what is named was recorded before.
  for (const { each, names } of stream.toReversed()) if (found.has(each.id) && names !== undefined) found.add(names);
  for (const { each, names } of stream) if (names !== undefined && found.has(names)) found.add(each.id);
  return stream.map(({ each }) => each).filter((each) => found.has(each.id));
}

/** Of the trial of an event, whatever names another without striking it: where queries begin, and signatures. */
export function questionsAndSignatures({ stream }: RecordedEvent): HistorySelection {
  const trial = stream.slice(0, stream.indexOf('/'));
  return { streams: { prefixes: [`${trial}/query/`, `${trial}/signature/`] }, types: ['QueryRaised', 'ContentSigned'] };
}

export const EVERYTHING: HistoryRange = { order: 'oldest first', limit: Number.MAX_SAFE_INTEGER };

/** Whether an event is about one of the others. */
export function namesOneOf(event: RecordedEvent, others: readonly RecordedEvent[]): boolean {
  const name = named(event);
  return others.some(({ id }) => id === name);
}

/** The event that an event names, in whichever place its type has for that. */
function named({ payload }: RecordedEvent): string | undefined {
  const { event, subject } = JSON.parse(payload) as { event?: unknown; subject?: { event?: unknown } };
  const name = event ?? subject?.event;
  return typeof name === 'string' ? name.toLowerCase() : undefined;
}
