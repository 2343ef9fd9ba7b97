import { participantStream } from '@cairn/delivery';
import { type EventStore, type Instant, isPlainText, streamName } from '@cairn/event-sourcing';
import type { HistorySelection } from '@cairn/platform';
import { trialStream } from '@cairn/registry';
import type { HistoryFilter } from '../generated/schema.js';
import { badInput } from '../graphql/errors.js';
import type { TrialView } from '../registry/trial-view.js';

/**
 * Where in the log that part of a trial's history lies which a filter asks for and the viewer may see. What belongs to
 * somebody else's site, and what is not there at all, is nowhere.
 */
export async function trialStreams(
  store: EventStore,
  view: TrialView,
  { site, participant }: Pick<HistoryFilter, 'site' | 'participant'>,
  knownAt?: Instant,
): Promise<HistorySelection['streams']> {
  if (site != null) plain(site);
  if (participant != null) plain(participant);
  const { tenant, trial } = view;
  const part = (await view.sight(knownAt)).historyPart(site ?? undefined, participant ?? undefined, knownAt);
  if (part === 'all') return { prefixes: [`${streamName(trial)}/`] };
  const register = part.registered ? await store.readStream(tenant, trialStream(trial)) : [];
  return {
    names: part.participants.map((id) => participantStream(trial, id)),
    prefixes: [
      ...part.sites.map((id) => `${streamName(trial, 'site', id)}/`),
      ...part.workers.map((id) => `${streamName(trial, 'worker', id)}/`),
    ],
    // Of the trial's register, what is about the sites: themselves and their workers.
    positions: register
      .filter(({ payload }) => part.registered!(JSON.parse(payload) as { site?: string; worker?: string }))
      .map((event) => event.position),
  };
}

/** What no stored text can be, no database need be asked for. */
export function plain(text: string): string {
  if (!isPlainText(text)) throw badInput('a filter holds control characters');
  return text;
}
