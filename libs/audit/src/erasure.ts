import type { Instant } from '@cairn/event-sourcing';
import type { ErasureEvent } from './events.js';

interface Request {
  readonly request: string;
  readonly trial: string;
  readonly participant: string;
  /** Who asked. */
  readonly person: string;
  readonly reason: string;
  readonly requestedAt: Instant;
}

interface Decided extends Request {
  readonly decidedBy: string;
  /** Why it was decided so. */
  readonly decision: string;
  readonly decidedAt: Instant;
}

/** A request to erase the free text about a participant, and what became of it. */
export type Erasure =
  | (Request & { readonly kind: 'requested' })
  | (Decided & { readonly kind: 'denied' })
  | (Decided & { readonly kind: 'erased' });

/** Of one participant, in the order in which they were asked for. */
export type Erasures = readonly Erasure[];
export const noErasures: Erasures = [];

export function evolveErasures(erasures: Erasures, { type, occurredAt, data }: ErasureEvent): Erasures {
  switch (type) {
    case 'ErasureRequested':
      return [...erasures, { kind: 'requested', ...data, requestedAt: occurredAt }];
    case 'ErasureDenied':
    case 'ParticipantErased':
      return erasures.map((each) =>
        each.request === data.request
          ? {
              ...each,
              kind: type === 'ErasureDenied' ? 'denied' : 'erased',
              decidedBy: data.person,
              decision: data.reason,
              decidedAt: occurredAt,
            }
          : each,
      );
    default:
      return type satisfies never;
  }
}

/** Whether the participant's free text is gone, by whichever request. */
export const isErased = (erasures: Erasures): boolean => erasures.some(({ kind }) => kind === 'erased');
