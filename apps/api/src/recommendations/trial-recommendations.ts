import {
  evolveRecommendation,
  noRecommendation,
  type Recommendation,
  type RecommendationEvent,
  recommendationEventTypes,
  recommendationStream,
} from '@cairn/audit';
import { EventCatalogue, type Fact, type TenantId } from '@cairn/event-sourcing';
import type { Moment } from '@cairn/monitoring';
import type { EventHistory } from '@cairn/platform';
import { everyEvent } from '../history/every-event.js';

/** What was advised, answered or not. */
export type MadeRecommendation = Exclude<Recommendation, { kind: 'none' }>;

/** A signature with the tenant whose person gave it. */
export type SignedAs = RecommendationEvent['data']['signature'] & { readonly tenant: TenantId };

const catalogue = new EventCatalogue(recommendationEventTypes);

/** The recommendations on trials, from the log. */
export class TrialRecommendations {
  constructor(private readonly history: Pick<EventHistory, 'read'>) {}

  /** Those of a trial at a moment; the last made first. */
  async at(tenant: TenantId, trial: string, { asOf, knownAt }: Moment): Promise<readonly MadeRecommendation[]> {
    const byId = new Map<string, Recommendation>();
    for await (const event of this.events(tenant, trial)) {
      if (event.occurredAt > asOf || event.recordedAt > knownAt) continue;
      const { recommendation } = event.data;
      byId.set(recommendation, evolveRecommendation(byId.get(recommendation) ?? noRecommendation, event));
    }
    return [...byId.values()].filter((each) => each.kind !== 'none').reverse();
  }

  private async *events(tenant: TenantId, trial: string): AsyncGenerator<Fact<RecommendationEvent>> {
    const selection = { streams: { prefixes: [recommendationStream(trial, '')] } };
    for await (const recorded of everyEvent(this.history, tenant, selection)) {
      yield catalogue.decode(recorded) as unknown as Fact<RecommendationEvent>;
    }
  }
}
