import type { Instant } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { siteRegistration, TrialEvent, trialRegistration, workerRegistration } from './events.js';
import type { Protocol } from './protocol.js';

/** A site as the register has it. */
export type Site = Omit<z.infer<typeof siteRegistration>, 'trial'>;
/** A worker as the register has them. */
export type Worker = Omit<z.infer<typeof workerRegistration>, 'trial'>;

/** What the trial set out to do, and since when. */
export interface ProtocolVersion {
  /** From 1, the protocol of the registration. */
  readonly version: number;
  /** Since when it is in force. */
  readonly occurredAt: Instant;
  /** When the store accepted it; unknown while a command is being decided. */
  readonly recordedAt?: Instant;
  readonly protocol: Protocol;
}

/** Who takes part in a trial, and by which protocol. A plain JSON value. */
export interface TrialRoster extends Omit<z.infer<typeof trialRegistration>, 'protocol'> {
  readonly kind: 'registered';
  /** By rising version; the last one is in force. */
  readonly protocols: readonly [ProtocolVersion, ...ProtocolVersion[]];
  /** By rising id. */
  readonly sites: readonly Site[];
  /** By rising id. */
  readonly workers: readonly Worker[];
}

/** A trial's stream: before its registration, and from then on. */
export type Trial = { readonly kind: 'unregistered' } | TrialRoster;

/** One fold for the rules and for the read model; only the latter knows when events were recorded. */
export function evolve(trial: Trial, event: TrialEvent & { readonly recordedAt?: Instant }): Trial {
  if (event.type === 'TrialRegistered') {
    const { protocol, ...registration } = event.data;
    return {
      kind: 'registered',
      ...registration,
      protocols: [protocolVersion(1, protocol, event)],
      sites: [],
      workers: [],
    };
  }
  // The rules let nothing into a trial's stream before its registration.
  if (trial.kind === 'unregistered') return trial;
  const { trial: _, ...entry } = event.data;
  switch (event.type) {
    case 'ProtocolPublished': {
      const { version, protocol } = event.data;
      return { ...trial, protocols: [...trial.protocols, protocolVersion(version, protocol, event)] };
    }
    case 'SiteRegistered':
      return { ...trial, sites: inOrder([...trial.sites, entry as Site], ({ site }) => site) };
    case 'WorkerRegistered':
      return { ...trial, workers: inOrder([...trial.workers, entry as Worker], ({ worker }) => worker) };
    default:
      return event satisfies never;
  }
}

const protocolVersion = (
  version: number,
  protocol: Protocol,
  { occurredAt, recordedAt }: { readonly occurredAt: Instant; readonly recordedAt?: Instant },
): ProtocolVersion => ({ version, occurredAt, ...(recordedAt !== undefined && { recordedAt }), protocol });

/** By UTF-16 code unit: the same order on every machine. */
const inOrder = <Entry>(entries: Entry[], idOf: (entry: Entry) => string): readonly Entry[] =>
  entries.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
