import { accept, type Decider, type Decision } from '@cairn/event-sourcing';
import type { RecommendationEvent } from './events.js';
import { evolveRecommendation, noRecommendation, type Recommendation } from './recommendation.js';
import type { RecommendationCommand } from './recommendation-commands.js';
import { type AuditWorld, refused } from './refusals.js';
import { type Proof, signedBy } from './signature.js';

type CommandOf<Type extends RecommendationCommand['type']> = Extract<RecommendationCommand, { type: Type }>;

/** What a recommendation is judged by beside its stream. */
export interface RecommendationWorld extends AuditWorld {
  /** Undefined for whoever has not proved anew who they are. */
  readonly proof?: Proof | undefined;
  /** SHA-256 of the text that is signed, in lower-case hexadecimal. */
  readonly contentHash?: string | undefined;
  /** Whether the trial has the cut that the committee looked at. */
  readonly cutIsKnown?: boolean | undefined;
}

function decide(
  command: RecommendationCommand,
  recommendation: Recommendation,
  world: RecommendationWorld,
): Decision<RecommendationEvent> {
  switch (command.type) {
    case 'makeRecommendation':
      return make(command, recommendation, world);
    case 'answerRecommendation':
      return answer(command, recommendation, world);
    default:
      return command satisfies never;
  }
}

function make(
  command: CommandOf<'makeRecommendation'>,
  recommendation: Recommendation,
  { now, actor, proof, contentHash, cutIsKnown }: RecommendationWorld,
): Decision<RecommendationEvent> {
  const { type: _, meaning, ...data } = command;
  if (recommendation.kind !== 'none') {
    const { made } = recommendation;
    const same =
      made.signature.person === actor &&
      made.signature.meaning === meaning &&
      made.cut === data.cut &&
      made.advice === data.advice &&
      made.text === data.text;
    return same ? accept() : refused('RECOMMENDATION_EXISTS', 'recommendation');
  }
  if (!cutIsKnown) return refused('CUT_UNKNOWN', 'cut');
  if (!proof || contentHash === undefined) return refused('REAUTHENTICATION_REQUIRED', 'reauthentication');
  const signature = signedBy(actor, proof, meaning, contentHash);
  return accept({ type: 'RecommendationMade', occurredAt: now, data: { ...data, signature } });
}

function answer(
  command: CommandOf<'answerRecommendation'>,
  recommendation: Recommendation,
  { now, actor, proof, contentHash }: RecommendationWorld,
): Decision<RecommendationEvent> {
  const { type: _, meaning, ...data } = command;
  switch (recommendation.kind) {
    case 'none':
      return refused('RECOMMENDATION_UNKNOWN', 'recommendation');
    case 'answered': {
      const given = recommendation.answer;
      const same =
        given.signature.person === actor &&
        given.signature.meaning === meaning &&
        given.response === data.response &&
        given.text === data.text;
      return same ? accept() : refused('ALREADY_ANSWERED', 'recommendation');
    }
    case 'made': {
      if (!proof || contentHash === undefined) return refused('REAUTHENTICATION_REQUIRED', 'reauthentication');
      const signature = signedBy(actor, proof, meaning, contentHash);
      return accept({ type: 'RecommendationAnswered', occurredAt: now, data: { ...data, signature } });
    }
    default:
      return recommendation satisfies never;
  }
}

/** A committee advises once by each id, and is answered once; both are signed, and neither is taken back. */
export const recommendationDecider: Decider<
  RecommendationCommand,
  RecommendationEvent,
  Recommendation,
  RecommendationWorld
> = {
  initial: noRecommendation,
  decide,
  evolve: evolveRecommendation,
};
