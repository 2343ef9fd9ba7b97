import { type Instant, parseInstant } from '@cairn/event-sourcing';
import { type DeliveryRefused, refused } from './refusals.js';
import type { DeliveryWorld } from './roster.js';

/*
 * Rules that streams of every kind have in common: what a command names exists, and nothing is reported before it
 * happens. They look at the world only.
 */

type WorldRule<Command> = (command: Command, state: unknown, world: DeliveryWorld) => DeliveryRefused | undefined;

/** At this very moment is not in the future. */
export const hasHappened: WorldRule<{ readonly occurredAt: Instant }> = ({ occurredAt }, _, { now }) =>
  occurredAt > now ? refused('OCCURRED_IN_FUTURE', 'occurredAt') : undefined;

export const siteIsKnown: WorldRule<{ readonly site: string }> = ({ site }, _, { roster }) =>
  roster.hasSite(site) ? undefined : refused('SITE_UNKNOWN', 'site');

export const workerIsKnown: WorldRule<{ readonly worker: string }> = ({ worker }, _, { roster }) =>
  roster.hasWorker(worker) ? undefined : refused('WORKER_UNKNOWN', 'worker');

/** Further times in a record, as RFC 3339 text. */
export const isPast = (timestamp: string | undefined, now: Instant): boolean =>
  timestamp === undefined || parseInstant(timestamp)! <= now;
