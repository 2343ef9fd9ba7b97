import { parseInstant } from '@cairn/event-sourcing';

/**
 * Whether two entries say the same: an absent field equals an undefined one, lists are read as sets and times by the
 * instant they name, not by their spelling.
 */
export const sameData = (one: object, other: object): boolean => canonical(one) === canonical(other);

const canonical = (data: unknown): string =>
  JSON.stringify(data, (field, value: unknown) => {
    if ((field === 'startedAt' || field === 'endedAt') && typeof value === 'string') return parseInstant(value);
    if (Array.isArray(value)) return (value as unknown[]).map(canonical).sort();
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return value;
  });
