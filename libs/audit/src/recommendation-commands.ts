import { z } from 'zod';
import { Advice, Meaning, SponsorResponse } from './events.js';
import { id, words } from './vocabulary.js';

const ofRecommendation = { trial: id, recommendation: id, text: words, meaning: Meaning };

/** Commands for the stream of one recommendation. Whoever gives one signs it, so they prove anew who they are. */
export const RecommendationCommand = z.discriminatedUnion('type', [
  /** The committee's, after a look at a cut. */
  z.object({ type: z.literal('makeRecommendation'), ...ofRecommendation, cut: id, advice: Advice }),
  /** The sponsor's answer to it. */
  z.object({ type: z.literal('answerRecommendation'), ...ofRecommendation, response: SponsorResponse }),
]);
export type RecommendationCommand = z.infer<typeof RecommendationCommand>;
