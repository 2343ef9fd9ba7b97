import type { Instant } from '@cairn/event-sourcing';
import type { Protocol } from '@cairn/registry/protocol';

/** A version of the protocol, and since when it is in force. */
export interface RegisteredProtocol {
  readonly version: number;
  readonly occurredAt: Instant;
  readonly protocol: Protocol;
}

/** A site as far as its numbers depend on it. */
export interface RegisteredSite {
  readonly site: string;
  /** ISO day in the trial's zone: the first day of delivery there. */
  readonly openedOn?: string | undefined;
}

/** A worker as far as a site's numbers depend on them. */
export interface RegisteredWorker {
  readonly worker: string;
  readonly site: string;
  readonly role: 'peer_worker' | 'coordinator';
  /** RFC 3339. */
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
}

/** What tables need of a trial's register; registry's `TrialRoster` is one. */
export interface TrialRegister {
  readonly timeZone: string;
  /** By rising version. */
  readonly protocols: readonly RegisteredProtocol[];
  readonly sites: readonly RegisteredSite[];
  readonly workers: readonly RegisteredWorker[];
}

/** The last version that was in force at an instant; before the first one, that. */
export function protocolAt({ protocols }: Pick<TrialRegister, 'protocols'>, asOf: Instant): RegisteredProtocol {
  const found = protocols.findLast(({ occurredAt }) => occurredAt <= asOf) ?? protocols[0];
  if (!found) throw new Error('The register has no protocol.');
  return found;
}
