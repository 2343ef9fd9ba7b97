import { parseInstant } from '@cairn/event-sourcing';
import type { DeliveryWorld } from './roster.js';

const isOneOf =
  (...known: readonly string[]) =>
  (id: string): boolean =>
    known.includes(id);

/** The small trial in which this context's specs play. */
export const world: DeliveryWorld = {
  now: parseInstant('2018-01-01T12:00:00Z')!,
  roster: {
    hasSite: isOneOf('S1', 'S2'),
    hasWorker: isOneOf('W1', 'W2'),
    hasArm: isOneOf('peer_support', 'care_as_usual'),
    hasStratum: isOneOf('psychotic', 'personality'),
    fidelityRange: (instrument) => (instrument === 'index' ? { minimum: 3, maximum: 12 } : undefined),
  },
};
