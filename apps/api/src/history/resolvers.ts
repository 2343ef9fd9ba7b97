import { participantStream } from '@cairn/delivery';
import { type EventStore, isPlainText, parseInstant, streamName } from '@cairn/event-sourcing';
import type { HistorySelection } from '@cairn/platform';
import { trialStream } from '@cairn/registry';
import type { QueryBus } from '@nestjs/cqrs';
import type { HistoryFilter, InputMaybe, Resolvers } from '../generated/schema.js';
import { pageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import type { TrialState } from '../monitoring/trial-state.js';
import type { TrialView } from '../registry/trial-view.js';
import { ReadHistory } from './read-history.js';

/** What was recorded, as it was recorded. */
export function historyResolvers(queries: QueryBus, store: EventStore) {
  return {
    Trial: {
      history: async (trial, { filter, ...page }) => {
        const request = pageRequest(page);
        const selection = await selectionOf(store, trial, await trial.state(), filter ?? {});
        return queries.execute(new ReadHistory(trial, selection, request));
      },
    },
    RecordedEvent: {
      actor: ({ actor }) => ({ id: actor, name: actor }),
      reason: ({ payload }) => {
        const { reason } = JSON.parse(payload) as { reason?: unknown };
        return typeof reason === 'string' ? reason : null;
      },
      data: ({ payload }) => JSON.parse(payload) as Record<string, unknown>,
    },
  } satisfies Resolvers;
}

async function selectionOf(
  store: EventStore,
  trial: TrialView,
  state: TrialState,
  filter: HistoryFilter,
): Promise<HistorySelection> {
  const { types, actor, recordedFrom, recordedTo, occurredFrom, occurredTo } = filter;
  return {
    streams: await streamsOf(store, trial, state, filter),
    ...(types != null && { types: types.map(plain) }),
    ...(actor != null && { actor: plain(actor) }),
    ...instant('recordedFrom', recordedFrom),
    ...instant('recordedTo', recordedTo),
    ...instant('occurredFrom', occurredFrom),
    ...instant('occurredTo', occurredTo),
  };
}

async function streamsOf(
  store: EventStore,
  { tenant, roster: { trial } }: TrialView,
  state: TrialState,
  { site, participant }: HistoryFilter,
): Promise<HistorySelection['streams']> {
  if (participant != null) {
    const wanted = site == null || state.participantsEverOf(site).includes(participant);
    return { names: wanted ? [participantStream(trial, plain(participant))] : [] };
  }
  if (site == null) return { prefixes: [`${streamName(trial)}/`] };
  const workers = state.trial.workers.filter((worker) => worker.site === site);
  const register = await store.readStream(tenant, trialStream(trial));
  return {
    names: state.participantsEverOf(site).map((id) => participantStream(trial, id)),
    prefixes: [
      `${streamName(trial, 'site', plain(site))}/`,
      ...workers.map(({ worker }) => `${streamName(trial, 'worker', worker)}/`),
    ],
    // Of the trial's register, what is about the site: itself and its workers.
    positions: register
      .filter(({ payload }) => (JSON.parse(payload) as { site?: unknown }).site === site)
      .map((event) => event.position),
  };
}

/** What no stored text can be, no database need be asked for. */
function plain(text: string): string {
  if (!isPlainText(text)) throw badInput('a filter holds control characters');
  return text;
}

const instant = <Name extends string>(name: Name, text: InputMaybe<string>): { readonly [N in Name]?: number } =>
  (text == null ? {} : { [name]: parseInstant(text)! }) as { readonly [N in Name]?: number };
