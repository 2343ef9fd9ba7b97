import type { Area, Reach, Viewer } from '@cairn/access';
import type { Instant } from '@cairn/event-sourcing';
import type { EngagementStatus, FidelityAssociation, Moment } from '@cairn/monitoring';
import type { EngagementDefinition } from '@cairn/registry';
import type { Site } from '../generated/schema.js';
import { sealed } from '../graphql/errors.js';
import { ParticipantSight } from './participant-sight.js';
import type { BenchmarkAnswer, EngagementAnswer, TrialState } from './trial-state.js';

type Seen = Exclude<Reach, { readonly kind: 'sealed' }>;

/** Of whom and of what a part of a trial's history is. */
export interface HistoryPart {
  readonly participants: readonly string[];
  readonly sites: readonly string[];
  readonly workers: readonly string[];
  /** Whether an entry of the trial's register belongs to it; none does where this is absent. */
  readonly registered?: (entry: { readonly site?: string; readonly worker?: string }) => boolean;
}

/**
 * A trial as one viewer may see it at this moment. Resolvers have nothing but this: what is not for the viewer is not in
 * it, whatever a resolver forgets to ask.
 */
export class TrialSight {
  private readonly reaches = new Map<Area, Reach>();

  constructor(
    private readonly state: TrialState,
    readonly viewer: Viewer,
  ) {}

  get trial(): string {
    return this.state.trial.trial;
  }

  /** Definitions are the protocol's, which everybody in the trial may read. */
  definition(id: string): EngagementDefinition | undefined {
    return this.state.definition(id);
  }

  site(id: string): Site {
    return this.state.site(id)!;
  }

  /**
   * The table of the sites that the viewer may see; its sum is over these.
   * @throws a typed error (SEALED) when there is none
   */
  engagement(
    definition: EngagementDefinition,
    at: { asOf?: Instant; knownAt?: Instant },
    now: Instant,
  ): EngagementAnswer {
    const reach = this.seen('engagement');
    const answer = this.state.engagement(definition, at, now, {
      ...(reach.kind === 'part' && { sites: reach.sites }),
      fidelity: this.reach('fidelity').kind === 'whole',
    });
    return this.viewer.knowsPositions ? answer : { ...answer, position: this.head };
  }

  /** Over all sites or not at all: points of some of them are no association. @throws a typed error (SEALED) */
  association(definition: EngagementDefinition, moment: Moment): FidelityAssociation {
    if (this.seen('fidelity').kind !== 'whole') throw sealed('NOT_IN_ROLE');
    return this.state.association(definition, moment);
  }

  /**
   * The participants whom the viewer may see, by id.
   * @throws a typed error (SEALED) when there are none, or a status is asked for that the viewer may not see
   */
  participants(
    definition: EngagementDefinition,
    moment: Moment,
    filter: { readonly site: string | undefined; readonly status: EngagementStatus | undefined },
  ): readonly ParticipantSight[] {
    this.seen('participants');
    if (filter.status !== undefined) this.seen('engagementStatus');
    return this.state
      .participants(definition, moment, filter)
      .filter(
        (one) =>
          // Who was referred to a site that is not registered has no site to show; no rule lets that happen.
          this.state.site(one.site) !== undefined &&
          this.covers('participants', one, moment) &&
          (filter.status === undefined || this.covers('engagementStatus', one, moment)),
      )
      .map((one) => new ParticipantSight(this, one, moment));
  }

  /** @throws a typed error (SEALED) when there is none */
  benchmark(definition: EngagementDefinition, asOf: Instant | undefined, now: Instant): BenchmarkAnswer {
    const reach = this.seen('benchmark');
    return this.state.benchmark(definition, asOf, now, {
      ...(reach.kind === 'part' && { sites: reach.sites }),
      fidelity: this.reach('fidelity').kind === 'whole',
    });
  }

  /** Whether a participant is in the area's reach at a moment. */
  covers(area: Area, who: { readonly participant: string; readonly site: string }, moment: Moment): boolean {
    const reach = this.reach(area);
    if (reach.kind !== 'part') return reach.kind === 'whole';
    return reach.sites.has(who.site) || this.state.isAllocated(who.participant, reach.workers, moment);
  }

  /** The arm, of whoever may know it: not asked here. */
  arm(participant: string, moment: Moment): string | undefined {
    return this.state.arm(participant, moment);
  }

  /** Whose arms the viewer may know by their roles, as known today; undefined where that is the same for everybody. */
  armsOf(): ReadonlySet<string> | undefined {
    const reach = this.reach('allocation');
    return reach.kind === 'part' ? new Set(this.state.participantsOf(reach.sites, reach.workers)) : undefined;
  }

  /**
   * Of whom and of what the viewer may see the history, of that the part about a site or a participant.
   * @throws a typed error (SEALED) when there is none
   */
  historyPart(site: string | undefined, participant: string | undefined): HistoryPart | 'all' {
    const reach = this.seen('history');
    const whole = reach.kind === 'whole';
    if (whole && site === undefined && participant === undefined) return 'all';
    const own = reach.kind === 'part' ? new Set(this.state.participantsOf(reach.sites, reach.workers)) : undefined;
    const atSite = site === undefined ? undefined : new Set(this.state.participantsEverOf(site));
    const mine = (id: string): boolean => (own?.has(id) ?? true) && (atSite?.has(id) ?? true);
    if (participant !== undefined)
      return { participants: mine(participant) ? [participant] : [], sites: [], workers: [] };

    const ownSite = (id: string | undefined): boolean => whole || (reach.kind === 'part' && reach.sites.has(id ?? ''));
    const ownWorker = (id: string): boolean => reach.kind === 'part' && reach.workers.has(id);
    const about = (worker: { readonly worker?: string; readonly site?: string }): boolean =>
      (site === undefined || worker.site === site) &&
      (ownSite(worker.site) || (worker.worker !== undefined && ownWorker(worker.worker)));
    return {
      participants: [...(own ?? atSite!)].filter(mine),
      sites: site === undefined ? [...(reach.kind === 'part' ? reach.sites : [])] : ownSite(site) ? [site] : [],
      workers: this.state.trial.workers.filter(about).map(({ worker }) => worker),
      registered: about,
    };
  }

  /** How far the answers are, on the scale that the viewer is told. */
  get head(): bigint {
    return this.viewer.knowsPositions ? this.state.position : BigInt(this.state.neutralTime);
  }

  reach(area: Area): Reach {
    const reach = this.reaches.get(area) ?? this.viewer.reach(area, this.trial);
    this.reaches.set(area, reach);
    return reach;
  }

  /** @throws a typed error (SEALED) when the viewer sees nothing of the area in the trial */
  static demand(viewer: Viewer, area: Area, trial: string): void {
    const reach = viewer.reach(area, trial);
    if (reach.kind === 'sealed') throw sealed(reach.reason);
  }

  private seen(area: Area): Seen {
    const reach = this.reach(area);
    if (reach.kind === 'sealed') throw sealed(reach.reason);
    return reach;
  }
}
