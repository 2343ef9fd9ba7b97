import { type Instant, parseInstant } from '@cairn/event-sourcing';
import type { z } from 'zod';
import { siteRegistration, type TrialEvent, workerRegistration } from './events.js';

/** A site or a worker as an event of the register has it, first or amended. */
export type RegisterEntry =
  | { readonly type: 'SiteRegistered'; readonly occurredAt: Instant; readonly data: z.infer<typeof siteRegistration> }
  | {
      readonly type: 'WorkerRegistered';
      readonly occurredAt: Instant;
      readonly data: z.infer<typeof workerRegistration>;
    };

/** The entry that an event holds; undefined for a trial and its protocols, which have versions of their own. */
export function entryIn({ type, occurredAt, data }: TrialEvent): RegisterEntry | undefined {
  switch (type) {
    case 'SiteRegistered':
      return { type, occurredAt, data };
    case 'WorkerRegistered':
      return { type, occurredAt, data };
    case 'SiteAmended':
      return { ...data.record, occurredAt: parseInstant(data.record.occurredAt)! };
    case 'WorkerAmended':
      return { ...data.record, occurredAt: parseInstant(data.record.occurredAt)! };
    case 'TrialRegistered':
    case 'ProtocolPublished':
      return undefined;
    default:
      return type satisfies never;
  }
}

/** What an amendment can change of each kind of entry. */
export const amendable = {
  SiteRegistered: { content: siteRegistration, identity: ['trial', 'site'] },
  // A worker's site says who looks after them, and after whom they look.
  WorkerRegistered: { content: workerRegistration, identity: ['trial', 'worker', 'site'] },
} as const satisfies Record<
  RegisterEntry['type'],
  { readonly content: z.ZodObject; readonly identity: readonly string[] }
>;
