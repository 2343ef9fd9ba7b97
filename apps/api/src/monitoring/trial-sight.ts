import type { Area, Reach, Viewer } from '@cairn/access';
import type { Instant, Position } from '@cairn/event-sourcing';
import type { ClassifiedPoint, EngagementStatus, FidelityAssociation, Moment } from '@cairn/monitoring';
import type { EngagementDefinition, TrialRoster } from '@cairn/registry';
import type { Site } from '../generated/schema.js';
import { sealed } from '../graphql/errors.js';
import { ParticipantSight } from './participant-sight.js';
import type { BenchmarkAnswer, EngagementAnswer, TrialState } from './trial-state.js';

/** The association with its sites as they are shown. */
export interface SeenAssociation extends Omit<FidelityAssociation, 'points'> {
  readonly points: readonly (Omit<ClassifiedPoint, 'site'> & { readonly site: Site })[];
}

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
  definition(id: string, knownAt?: Instant): EngagementDefinition | undefined {
    return this.state.definition(id, knownAt);
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
    if (this.viewer.knowsPositions) return answer;
    return { ...answer, position: BigInt(this.state.neutralTime(at.knownAt)) };
  }

  /** Over all sites or not at all: points of some of them are no association. @throws a typed error (SEALED) */
  association(definition: EngagementDefinition, moment: Moment): SeenAssociation {
    if (this.seen('fidelity').kind !== 'whole') throw sealed('NOT_IN_ROLE');
    const association = this.state.association(definition, moment);
    const register = this.state.register(moment.knownAt);
    return {
      ...association,
      points: association.points.map((point) => ({ ...point, site: register.site(point.site)! })),
    };
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
    const register = this.state.register(moment.knownAt);
    return this.state.participants(definition, moment, filter).flatMap((one) => {
      // Who was referred to a site that is not registered has no site to show; no rule lets that happen.
      const site = register.site(one.site);
      const isSeen =
        this.covers('participants', one, moment) &&
        (filter.status === undefined || this.covers('engagementStatus', one, moment));
      return site && isSeen ? [new ParticipantSight(this, one, moment, site)] : [];
    });
  }

  /** @throws a typed error (SEALED) when there is none */
  benchmark(definition: EngagementDefinition, at: Parameters<TrialState['benchmark']>[1]): BenchmarkAnswer {
    const reach = this.seen('benchmark');
    return this.state.benchmark(definition, at, {
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
   * Of whom and of what the viewer may see the history, of that the part about a site or a participant. Whom they may see
   * is by what is known today; of these, they are told of who was theirs, or at the site, as it was known then.
   * @throws a typed error (SEALED) when there is none
   */
  historyPart(
    site: string | undefined,
    participant: string | undefined,
    knownAt: Instant = Infinity,
  ): HistoryPart | 'all' {
    const reach = this.seen('history');
    const whole = reach.kind === 'whole';
    if (whole && site === undefined && participant === undefined) return 'all';
    const own =
      reach.kind === 'part' ? new Set(this.state.participantsOf(reach.sites, reach.workers, knownAt)) : undefined;
    const atSite = site === undefined ? undefined : new Set(this.state.participantsEverOf(site, knownAt));
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
    return this.viewer.knowsPositions ? this.state.position : BigInt(this.state.neutralTime());
  }

  /** How far the log is included, whatever scale the viewer is told. */
  get position(): Position {
    return this.state.position;
  }

  /** The register as it stands, of which the viewer may not know all. */
  get roster(): TrialRoster {
    return this.state.trial;
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
