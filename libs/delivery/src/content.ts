import { type DomainEvent, parseInstant } from '@cairn/event-sourcing';

/**
 * What an event says, as a text that is equal for two events exactly when they say the same: type, time and data, where
 * an absent field equals an undefined one, lists are read as sets and times by the instant they name, not by their
 * spelling.
 */
export const contentOf = (event: DomainEvent): string => `${event.type} ${event.occurredAt} ${canonical(event.data)}`;

const canonical = (data: unknown): string =>
  JSON.stringify(data, (field, value: unknown) => {
    if ((field === 'enteredAt' || field === 'dischargedAt') && typeof value === 'string') return parseInstant(value);
    if (Array.isArray(value)) return (value as unknown[]).map(canonical).sort();
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return value;
  });
