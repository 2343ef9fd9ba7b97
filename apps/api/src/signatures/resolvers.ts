import { parseInstant } from '@cairn/event-sourcing';
import type { Viewers } from '../access/viewers.js';
import type { Resolvers } from '../generated/schema.js';
import { newestFirst, pageOf, pageRequest } from '../graphql/connection.js';
import type { SignatureState } from '../graphql/enums.js';
import { sealed } from '../graphql/errors.js';
import { personNames } from '../history/person-names.js';
import type { TrialSignatures } from './trial-signatures.js';

/** Who signed what. */
export function signatureResolvers(signatures: TrialSignatures, viewers: Viewers) {
  const nameOf = personNames(viewers);
  return {
    Trial: {
      signatures: async ({ tenant, trial, viewer }, { event, cut, knownAt: then, ...page }) => {
        const request = pageRequest(page);
        const reach = viewer.reach('cuts', trial);
        if (reach.kind !== 'whole') throw sealed(reach.kind === 'sealed' ? reach.reason : 'NOT_IN_ROLE');
        const knownAt = then == null ? Infinity : parseInstant(then)!;
        const given = await signatures.of(tenant, trial, { event: event ?? undefined, cut: cut ?? undefined });
        const found = given.filter(({ recordedAt }) => recordedAt <= knownAt);
        const { edges, ...listed } = pageOf(request, found, ({ position }) => newestFirst(position));
        const shown = edges.map(async ({ cursor, node }) => ({
          cursor,
          node: await signatures.standing(tenant, node, knownAt),
        }));
        return { ...listed, edges: await Promise.all(shown) };
      },
    },
    Signature: {
      id: ({ given }) => given.data.signature,
      signer: async ({ given: { data, tenant } }) => ({ id: data.person, name: await nameOf(tenant, data.person) }),
      name: ({ given }) => given.data.name,
      meaning: ({ given }) => given.data.meaning,
      signedAt: ({ given }) => given.occurredAt,
      authenticatedAt: ({ given }) => Date.parse(given.data.authenticatedAt),
      contentHash: ({ given }) => given.data.contentHash,
      event: ({ given: { data } }) => (data.subject.kind === 'record' ? data.subject.event : null),
      cut: ({ given: { data } }) => (data.subject.kind === 'cut' ? data.subject.cut : null),
      state: ({ voidedBy }) => (voidedBy ? 'voided' : 'valid') satisfies SignatureState,
      voidedBy: ({ voidedBy }) => voidedBy ?? null,
    },
  } satisfies Resolvers;
}
