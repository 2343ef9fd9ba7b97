import { ACCESS_STREAMS } from '@cairn/access';
import { type EventStore, parseInstant } from '@cairn/event-sourcing';
import type { HistorySelection } from '@cairn/platform';
import { tenantStream } from '@cairn/registry';
import type { QueryBus } from '@nestjs/cqrs';
import type { Viewers } from '../access/viewers.js';
import type { HistoryFilter, InputMaybe, Resolvers } from '../generated/schema.js';
import { pageRequest } from '../graphql/connection.js';
import type { OpenArms } from '../access/open-arms.js';
import { personNames } from './person-names.js';
import { ReadHistory } from './read-history.js';
import { shownData } from './shown-data.js';
import { plain, trialStreams } from './trial-streams.js';

/** What was recorded, as it was recorded. */
export function historyResolvers(queries: QueryBus, store: EventStore, viewers: Viewers, openArms: OpenArms) {
  const nameOf = personNames(viewers);
  return {
    Query: {
      conduct: (_root, page, { viewer }) => {
        const streams = { names: [tenantStream], prefixes: [ACCESS_STREAMS] };
        return queries.execute(new ReadHistory(viewer, { streams }, pageRequest(page)));
      },
    },
    Trial: {
      history: async (trial, { filter, ...page }, { viewer }) => {
        const request = pageRequest(page);
        const streams = await trialStreams(store, trial, filter ?? {});
        const armsOf = (await trial.sight()).armsOf();
        return queries.execute(new ReadHistory(viewer, { streams, ...conditions(filter ?? {}) }, request, armsOf));
      },
    },
    RecordedEvent: {
      actor: async ({ actor }, _args, { viewer }) => ({ id: actor, name: await nameOf(viewer.tenant, actor) }),
      reason: ({ payload }) => {
        const { reason } = JSON.parse(payload) as { reason?: unknown };
        return typeof reason === 'string' ? reason : null;
      },
      data: (event, _args, context, info) => shownData(event, context, info, openArms),
    },
  } satisfies Resolvers;
}

function conditions(filter: HistoryFilter): Omit<HistorySelection, 'streams'> {
  const { types, actor, recordedFrom, recordedTo, occurredFrom, occurredTo } = filter;
  return {
    ...(types != null && { types: types.map(plain) }),
    ...(actor != null && { actor: plain(actor) }),
    ...instant('recordedFrom', recordedFrom),
    ...instant('recordedTo', recordedTo),
    ...instant('occurredFrom', occurredFrom),
    ...instant('occurredTo', occurredTo),
  };
}

const instant = <Name extends string>(name: Name, text: InputMaybe<string>): { readonly [N in Name]?: number } =>
  (text == null ? {} : { [name]: parseInstant(text)! }) as { readonly [N in Name]?: number };
