import type { Erasure } from '@cairn/audit';
import { parseInstant } from '@cairn/event-sourcing';
import type { KnownPositions } from '@cairn/platform';
import type { Viewers } from '../access/viewers.js';
import type { Actor, Erasure as ErasureAnswer, Resolvers } from '../generated/schema.js';
import type { ErasureState } from '../graphql/enums.js';
import { personNames } from '../history/person-names.js';
import type { TrialErasures } from './trial-erasures.js';

/** Who asked to have what erased, and what became of it. */
export function erasureResolvers(erasures: TrialErasures, viewers: Viewers, positions: Pick<KnownPositions, 'at'>) {
  const nameOf = personNames(viewers);
  return {
    Trial: {
      erasures: async ({ tenant, trial }, { knownAt }) => {
        const upTo = knownAt == null ? undefined : await positions.at(tenant, parseInstant(knownAt)!);
        const actor = async (person: string): Promise<Actor> => ({ id: person, name: await nameOf(tenant, person) });
        const asked = await erasures.ofTrial(tenant, trial, upTo);
        return Promise.all(asked.map((each) => present(each, actor)));
      },
    },
  } satisfies Resolvers;
}

async function present(erasure: Erasure, actor: (person: string) => Promise<Actor>): Promise<ErasureAnswer> {
  const { request, participant, person, reason, requestedAt, kind } = erasure;
  return {
    request,
    participant,
    requester: await actor(person),
    reason,
    requestedAt,
    state: kind satisfies ErasureState,
    decidedBy: kind === 'requested' ? null : await actor(erasure.decidedBy),
    decision: kind === 'requested' ? null : erasure.decision,
    decidedAt: kind === 'requested' ? null : erasure.decidedAt,
  };
}
