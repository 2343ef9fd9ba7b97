import { contentText, type DomainEvent } from '@cairn/event-sourcing';

/** Further times in the data of this context's events. */
const TIMES: ReadonlySet<string> = new Set(['enteredAt', 'dischargedAt']);

/** What an event says: equal for two events exactly when type, time and data say the same. */
export const contentOf = (event: DomainEvent): string =>
  `${event.type} ${event.occurredAt} ${contentText(event.data, TIMES)}`;
