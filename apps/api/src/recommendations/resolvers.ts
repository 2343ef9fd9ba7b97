import { parseInstant } from '@cairn/event-sourcing';
import { present } from '@cairn/monitoring';
import type { Viewers } from '../access/viewers.js';
import type { Resolvers } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import { sealed } from '../graphql/errors.js';
import { personNames } from '../history/person-names.js';
import type { MadeRecommendation, SignedAs, TrialRecommendations } from './trial-recommendations.js';

/** What a committee advised, and what the sponsor answered. */
export function recommendationResolvers(
  recommendations: TrialRecommendations,
  viewers: Viewers,
  clock: () => number = Date.now,
) {
  const nameOf = personNames(viewers);
  return {
    Trial: {
      recommendations: async ({ tenant, trial, viewer }, { asOf, knownAt, ...page }) => {
        const request = pageRequest(page);
        const reach = viewer.reach('recommendations', trial);
        if (reach.kind !== 'whole') throw sealed(reach.kind === 'sealed' ? reach.reason : 'NOT_IN_ROLE');
        const now = present(clock());
        const found = await recommendations.at(tenant, trial, {
          asOf: asOf == null ? now.asOf : parseInstant(asOf)!,
          knownAt: knownAt == null ? now.knownAt : parseInstant(knownAt)!,
        });
        const shown = found.map((each) => answerOf(each, tenant)).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
        return pageOf(request, shown, keyOf);
      },
    },
    SignatureManifest: {
      signer: async ({ person, tenant }) => ({ id: person, name: await nameOf(tenant, person) }),
      authenticatedAt: ({ authenticatedAt }) => parseInstant(authenticatedAt)!,
    },
  } satisfies Resolvers;
}

/** Cursors rise along the list, which goes from the last made to the first. They are made of times: positions would tell more. */
const LAST = Number.MAX_SAFE_INTEGER;
const keyOf = ({ id, madeAt }: { readonly id: string; readonly madeAt: number }): string =>
  `${String(LAST - madeAt).padStart(16, '0')} ${id}`;

const signedAs = (signature: Omit<SignedAs, 'tenant'>, tenant: string): SignedAs => ({ ...signature, tenant });

const answerOf = (each: MadeRecommendation, tenant: string) => ({
  id: each.made.recommendation,
  cut: each.made.cut,
  advice: each.made.advice,
  text: each.made.text,
  madeAt: each.madeAt,
  signature: signedAs(each.made.signature, tenant),
  answer:
    each.kind === 'answered'
      ? {
          response: each.answer.response,
          text: each.answer.text,
          answeredAt: each.answeredAt,
          signature: signedAs(each.answer.signature, tenant),
        }
      : null,
});
