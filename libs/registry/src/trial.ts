import type { Instant } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { siteRegistration, TrialEvent, trialRegistration, workerRegistration } from './events.js';
import type { Protocol } from './protocol.js';

/** When the store accepted an entry; unknown while a command is being decided. */
interface Entered {
  readonly recordedAt?: Instant;
}

/** With what it said before it was amended, the earliest first. */
type Amendable<Entry> = Entry & { readonly before?: readonly Entry[] };

/** A site as the register has it. */
export type Site = Amendable<Omit<z.infer<typeof siteRegistration>, 'trial'> & Entered>;
/** A worker as the register has them. */
export type Worker = Amendable<Omit<z.infer<typeof workerRegistration>, 'trial'> & Entered>;

/** What the trial set out to do, and since when. */
export interface ProtocolVersion extends Entered {
  /** From 1, the protocol of the registration. */
  readonly version: number;
  /** Since when it is in force. */
  readonly occurredAt: Instant;
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
  const { trial: _, ...data } = event.data;
  const entry = { ...data, ...entered(event) };
  switch (event.type) {
    case 'ProtocolPublished': {
      const { version, protocol } = event.data;
      return { ...trial, protocols: [...trial.protocols, protocolVersion(version, protocol, event)] };
    }
    case 'SiteRegistered':
      return { ...trial, sites: inOrder([...trial.sites, entry as Site], ({ site }) => site) };
    case 'WorkerRegistered':
      return { ...trial, workers: inOrder([...trial.workers, entry as Worker], ({ worker }) => worker) };
    case 'SiteAmended': {
      const { trial: _t, ...said } = event.data.record.data;
      const now = { ...said, ...entered(event) };
      return { ...trial, sites: trial.sites.map((each) => (each.site === said.site ? amended(each, now) : each)) };
    }
    case 'WorkerAmended': {
      const { trial: _t, ...said } = event.data.record.data;
      const now = { ...said, ...entered(event) };
      return {
        ...trial,
        workers: trial.workers.map((each) => (each.worker === said.worker ? amended(each, now) : each)),
      };
    }
    default:
      return event satisfies never;
  }
}

const amended = <Entry extends object>({ before = [], ...was }: Amendable<Entry>, now: Entry): Amendable<Entry> => ({
  ...now,
  before: [...before, was as Entry],
});

const protocolVersion = (
  version: number,
  protocol: Protocol,
  event: Entered & { readonly occurredAt: Instant },
): ProtocolVersion => ({ version, occurredAt: event.occurredAt, ...entered(event), protocol });

const entered = ({ recordedAt }: Entered): Entered => (recordedAt === undefined ? {} : { recordedAt });

/** By UTF-16 code unit: the same order on every machine. */
const inOrder = <Entry>(entries: Entry[], idOf: (entry: Entry) => string): readonly Entry[] =>
  entries.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
