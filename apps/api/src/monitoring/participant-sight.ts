import type { Instant } from '@cairn/event-sourcing';
import type { EngagementStatus, Moment, ParticipantEngagement } from '@cairn/monitoring';
import type { Site } from '../generated/schema.js';
import { sealed } from '../graphql/errors.js';
import type { TrialSight } from './trial-sight.js';

/** A participant as one viewer may see them, by the definition and at the moment that were asked for. */
export class ParticipantSight {
  constructor(
    private readonly sight: TrialSight,
    private readonly engagement: ParticipantEngagement,
    private readonly moment: Moment,
    readonly site: Site,
  ) {}

  get trial(): string {
    return this.sight.trial;
  }

  get id(): string {
    return this.engagement.participant;
  }

  /** @throws a typed error (SEALED) */
  get status(): EngagementStatus {
    if (!this.showsStatus) throw sealed('NOT_IN_ROLE');
    return this.engagement.status;
  }

  get engagedAt(): Instant | null {
    return this.showsStatus ? (this.engagement.engagedAt ?? null) : null;
  }

  get dischargedAt(): Instant | null {
    return this.engagement.dischargedAt ?? null;
  }

  get windowClosesAt(): Instant | null {
    return this.engagement.windowClosesAt ?? null;
  }

  /** Whether the viewer's roles show the arm, and whether each look is recorded. */
  get armByRole(): { readonly recorded: boolean } | undefined {
    const reach = this.sight.reach('allocation');
    if (!this.sight.covers('allocation', this.engagement, this.moment)) return undefined;
    return { recorded: reach.kind === 'whole' && reach.recorded };
  }

  /** Null before randomisation. To be asked for only when the viewer may know it. */
  arm(): string | null {
    return this.sight.arm(this.id, this.moment) ?? null;
  }

  private get showsStatus(): boolean {
    return this.sight.covers('engagementStatus', this.engagement, this.moment);
  }
}
