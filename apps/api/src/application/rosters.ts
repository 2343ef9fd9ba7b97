import type { DeliveryRoster } from '@cairn/delivery';
import type { EventCatalogue, EventStore, Identified, TenantId } from '@cairn/event-sourcing';
import { engagementDefinitions } from '@cairn/monitoring';
import type { RuleSurroundings } from '@cairn/signals';
import {
  type FreeTextRules,
  type Protocol,
  type Trial,
  trialDecider,
  type TrialEvent,
  trialStream,
} from '@cairn/registry';

/** A trial as commands are judged against it. */
export interface KnownTrial {
  readonly timeZone: string;
  /** What is refused in free text, by the protocol in force. */
  readonly freeText: FreeTextRules;
  readonly sites: readonly string[];
  /** What rules may name, by the protocol in force. */
  readonly ruleSurroundings: RuleSurroundings;
  readonly roster: DeliveryRoster;
  /** Undefined for a worker who is not registered. */
  siteOf(worker: string): string | undefined;
}

interface Folded {
  readonly trial: Trial;
  /** Revision from which the stream is to be read on. */
  readonly next: number;
  readonly known: KnownTrial | undefined;
  /** In milliseconds of the process. */
  readonly readAt: number;
}

const NOTHING: Folded = { trial: trialDecider.initial, next: 0, known: undefined, readAt: -Infinity };
/** How long what a protocol refuses is believed of a kept roster: it may have been published by another process. */
const RECENT_MS = 1_000;
const MAX_TRIALS = 1_000;

/**
 * Who takes part in each trial, from its stream. What was read is kept: rosters only grow, so a kept one never knows too
 * much, and whoever misses something in it reads it again.
 */
export class Rosters {
  private readonly folded = new Map<string, Folded>();

  constructor(
    private readonly store: EventStore,
    private readonly catalogue: EventCatalogue,
  ) {}

  /** As it was last read. */
  kept(tenant: TenantId, trial: string): KnownTrial | undefined {
    return this.folded.get(key(tenant, trial))?.known;
  }

  /** As it was within the last second; undefined where it was not read since. */
  recent(tenant: TenantId, trial: string): KnownTrial | undefined {
    const folded = this.folded.get(key(tenant, trial));
    return folded && performance.now() - folded.readAt < RECENT_MS ? folded.known : undefined;
  }

  /** As it is now; undefined for a trial that is not registered. */
  async read(tenant: TenantId, trial: string): Promise<KnownTrial | undefined> {
    const before = this.folded.get(key(tenant, trial)) ?? NOTHING;
    const readAt = performance.now();
    const events = await this.store.readStream(tenant, trialStream(trial), { from: before.next });
    if (events.length === 0) {
      if (before.known) this.folded.set(key(tenant, trial), { ...before, readAt });
      return before.known;
    }
    const folded = events.reduce<Trial>(
      (state, event) => trialDecider.evolve(state, this.catalogue.decode(event) as unknown as Identified<TrialEvent>),
      before.trial,
    );
    const after = { trial: folded, next: events.at(-1)!.revision + 1, known: knownTrial(folded), readAt };
    this.folded.delete(key(tenant, trial));
    this.folded.set(key(tenant, trial), after);
    if (this.folded.size > MAX_TRIALS) this.folded.delete(this.folded.keys().next().value!);
    return after.known;
  }
}

const key = (tenant: TenantId, trial: string): string => `${tenant}\n${trial}`;

function knownTrial(trial: Trial): KnownTrial | undefined {
  if (trial.kind === 'unregistered') return undefined;
  const sites = new Set(trial.sites.map((site) => site.site));
  const workers = new Map(trial.workers.map(({ worker, site }) => [worker, site]));
  // Data arrive late: what any version of the protocol knows is known.
  const protocols = trial.protocols.map((version) => version.protocol);
  const arms = new Set(protocols.flatMap((protocol) => protocol.arms.map((arm) => arm.id)));
  const strata = new Set(protocols.flatMap((protocol) => protocol.strata));
  const instruments = new Map(
    protocols.flatMap(({ fidelity }) => (fidelity ? [[fidelity.instrument, fidelity] as const] : [])),
  );
  return {
    timeZone: trial.timeZone,
    freeText: protocols.at(-1)?.freeText ?? {},
    sites: [...sites],
    ruleSurroundings: ruleSurroundings(protocols.at(-1)!),
    siteOf: (worker) => workers.get(worker),
    roster: {
      hasSite: (site) => sites.has(site),
      hasWorker: (worker) => workers.has(worker),
      hasArm: (arm) => arms.has(arm),
      hasStratum: (stratum) => strata.has(stratum),
      fidelityRange: (instrument) => instruments.get(instrument),
    },
  };
}

/** What rules of a trial may name. */
export const ruleSurroundings = (protocol: Protocol): RuleSurroundings => ({
  definitions: new Set(engagementDefinitions(protocol).map(({ id }) => id)),
  fidelity: protocol.fidelity,
});
