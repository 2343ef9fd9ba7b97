import { canonicalJson, type Instant } from '@cairn/event-sourcing';
import type { RecommendationEvent } from './events.js';
import type { RecommendationCommand } from './recommendation-commands.js';

type Made = Extract<RecommendationEvent, { type: 'RecommendationMade' }>['data'];
type Answered = Extract<RecommendationEvent, { type: 'RecommendationAnswered' }>['data'];

/** What a committee advised, and whether the sponsor has answered it. */
export type Recommendation =
  | { readonly kind: 'none' }
  | { readonly kind: 'made'; readonly made: Made; readonly madeAt: Instant }
  | {
      readonly kind: 'answered';
      readonly made: Made;
      readonly madeAt: Instant;
      readonly answer: Answered;
      readonly answeredAt: Instant;
    };

export const noRecommendation: Recommendation = { kind: 'none' };

export function evolveRecommendation(recommendation: Recommendation, event: RecommendationEvent): Recommendation {
  switch (event.type) {
    case 'RecommendationMade':
      return { kind: 'made', made: event.data, madeAt: event.occurredAt };
    case 'RecommendationAnswered':
      // The rules let no answer into the stream before there is something to answer.
      if (recommendation.kind === 'none') return recommendation;
      return { ...recommendation, kind: 'answered', answer: event.data, answeredAt: event.occurredAt };
    default:
      return event satisfies never;
  }
}

/**
 * What is signed by giving the command, as the RFC 8785 text that its signature's hash is of: all that it says, and what is
 * meant by signing it. Anybody who has the event can write it down again.
 */
export const signedText = (command: RecommendationCommand): string => canonicalJson(command);
