import { type Instant, parseInstant } from '@cairn/event-sourcing';
import type { UnblindingEvent } from './events.js';

interface Request {
  readonly request: string;
  readonly trial: string;
  readonly participant: string;
  /** Who asked. */
  readonly person: string;
  readonly reason: string;
  readonly requestedAt: Instant;
}

/** A request to learn one participant's arm, and what became of it. */
export type Unblinding =
  | (Request & { readonly kind: 'requested' })
  | (Request & { readonly kind: 'approved'; readonly decidedBy: string; readonly until: Instant })
  | (Request & { readonly kind: 'denied'; readonly decidedBy: string; readonly denial: string });

/** Of one participant, in the order in which they were asked for. */
export type Unblindings = readonly Unblinding[];
export const noUnblindings: Unblindings = [];

export function evolve(unblindings: Unblindings, { type, occurredAt, data }: UnblindingEvent): Unblindings {
  switch (type) {
    case 'UnblindingRequested':
      return [...unblindings, { kind: 'requested', ...data, requestedAt: occurredAt }];
    case 'UnblindingApproved':
      return decided(unblindings, data.request, (asked) => ({
        ...asked,
        kind: 'approved',
        decidedBy: data.person,
        until: parseInstant(data.until)!,
      }));
    case 'UnblindingDenied':
      return decided(unblindings, data.request, (asked) => ({
        ...asked,
        kind: 'denied',
        decidedBy: data.person,
        denial: data.reason,
      }));
    default:
      return type satisfies never;
  }
}

const decided = (unblindings: Unblindings, request: string, as: (asked: Unblinding) => Unblinding): Unblindings =>
  unblindings.map((each) => (each.request === request ? as(each) : each));

/** Until when the participant's arm is open to the person; undefined when it is not open to them at this moment. */
export function armOpenUntil(unblindings: Unblindings, person: string, now: Instant): Instant | undefined {
  const open = unblindings.flatMap((each) =>
    each.kind === 'approved' && each.person === person && each.until > now ? [each.until] : [],
  );
  return open.length === 0 ? undefined : Math.max(...open);
}
