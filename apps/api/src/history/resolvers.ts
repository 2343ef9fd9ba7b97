import { participantStream } from '@cairn/delivery';
import { isPlainText, parseInstant, streamName } from '@cairn/event-sourcing';
import type { HistorySelection } from '@cairn/platform';
import { trialStream } from '@cairn/registry';
import type { QueryBus } from '@nestjs/cqrs';
import type { HistoryFilter, InputMaybe, Resolvers } from '../generated/schema.js';
import { pageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import type { TrialState } from '../monitoring/trial-state.js';
import { ReadHistory } from './read-history.js';

/** What was recorded, as it was recorded. */
export function historyResolvers(queries: QueryBus) {
  return {
    Trial: {
      history: async (trial, { filter, ...page }) => {
        const selection = selectionOf(trial.roster.trial, await trial.state(), filter ?? {});
        return queries.execute(new ReadHistory(trial, selection, pageRequest(page)));
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

function selectionOf(trial: string, state: TrialState, filter: HistoryFilter): HistorySelection {
  const { types, actor, recordedFrom, recordedTo, occurredFrom, occurredTo } = filter;
  return {
    streams: streamsOf(trial, state, filter),
    ...(types != null && { types: types.map(plain) }),
    ...(actor != null && { actor: plain(actor) }),
    ...instant('recordedFrom', recordedFrom),
    ...instant('recordedTo', recordedTo),
    ...instant('occurredFrom', occurredFrom),
    ...instant('occurredTo', occurredTo),
  };
}

function streamsOf(
  trial: string,
  state: TrialState,
  { site, participant }: HistoryFilter,
): HistorySelection['streams'] {
  if (participant != null) {
    const wanted = site == null || state.participantsEverOf(site).includes(participant);
    return { names: wanted ? [participantStream(trial, plain(participant))] : [] };
  }
  if (site == null) return { prefixes: [`${streamName(trial)}/`] };
  const workers = state.trial.workers.filter((worker) => worker.site === site);
  return {
    names: state.participantsEverOf(site).map((id) => participantStream(trial, id)),
    prefixes: [
      `${streamName(trial, 'site', plain(site))}/`,
      ...workers.map(({ worker }) => `${streamName(trial, 'worker', worker)}/`),
    ],
    holding: { stream: trialStream(trial), member: 'site', value: site },
  };
}

/** What no stored text can be, no database need be asked for. */
function plain(text: string): string {
  if (!isPlainText(text)) throw badInput('a filter holds control characters');
  return text;
}

const instant = <Name extends string>(name: Name, text: InputMaybe<string>): { readonly [N in Name]?: number } =>
  (text == null ? {} : { [name]: parseInstant(text)! }) as { readonly [N in Name]?: number };
