import { parseInstant } from '@cairn/event-sourcing';
import { present } from '@cairn/monitoring';
import type { Viewers } from '../access/viewers.js';
import type { FreeText } from '../free-text/free-text.js';
import { shownText } from '../free-text/shown-text.js';
import type { Resolvers } from '../generated/schema.js';
import { newestFirst, pageOf, pageRequest } from '../graphql/connection.js';
import type { DataQueryEntryKind, DataQueryState } from '../graphql/enums.js';
import { sealed } from '../graphql/errors.js';
import { personNames } from '../history/person-names.js';
import type { QueryAt, TrialQueries } from './trial-queries.js';

const kinds = {
  QueryRaised: 'raised',
  QueryAnswered: 'answered',
  QueryReopened: 'reopened',
  QueryClosed: 'closed',
} as const satisfies Record<QueryAt['entries'][number]['type'], DataQueryEntryKind>;

/** What was asked about records, and what was answered. */
export function queryResolvers(
  queries: TrialQueries,
  viewers: Viewers,
  freeText: FreeText,
  clock: () => number = Date.now,
) {
  const nameOf = personNames(viewers);
  return {
    Trial: {
      queries: async ({ tenant, trial, viewer }, { state, site, participant, asOf, knownAt, ...page }) => {
        const request = pageRequest(page);
        const reach = viewer.reach('queries', trial);
        if (reach.kind === 'sealed') throw sealed(reach.reason);
        const wanted = (query: QueryAt): boolean =>
          (reach.kind === 'whole' || reach.sites.has(query.site)) &&
          (state ?? query.kind) === query.kind &&
          (site ?? query.site) === query.site &&
          (participant ?? query.participant) === query.participant;
        const now = present(clock());
        const found = await queries.at(tenant, trial, {
          asOf: asOf == null ? now.asOf : parseInstant(asOf)!,
          knownAt: knownAt == null ? now.knownAt : parseInstant(knownAt)!,
        });
        return pageOf(request, found.filter(wanted), orderOf);
      },
    },
    DataQuery: {
      id: ({ query }) => query,
      state: ({ kind }) => kind satisfies DataQueryState,
      participant: ({ participant }) => participant ?? null,
      event: ({ event }) => event ?? null,
      closedAt: (query) => (query.kind === 'closed' ? query.closedAt : null),
    },
    DataQueryEntry: {
      event: ({ id }) => id,
      kind: ({ type }) => kinds[type],
      text: ({ tenant, data: { trial, participant, text } }, _args, context, info) =>
        text === undefined
          ? null
          : shownText(freeText, context, info, { tenant, trial, participant }, { member: 'text', text }),
      at: ({ occurredAt }) => occurredAt,
      by: async ({ actor }, _args, { viewer }) => ({ id: actor, name: await nameOf(viewer.tenant, actor) }),
    },
  } satisfies Resolvers;
}

const orderOf = ({ entries: [raised] }: QueryAt): string => newestFirst(raised.position);
