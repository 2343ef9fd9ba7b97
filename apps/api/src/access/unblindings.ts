import {
  evolveUnblindings,
  noUnblindings,
  type Unblinding,
  unblindingEventTypes,
  type UnblindingEvent,
  type Unblindings as OfParticipant,
  unblindingStream,
} from '@cairn/access';
import { EventCatalogue, type TenantId } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';

const catalogue = new EventCatalogue(unblindingEventTypes);
/** Break-glass is for emergencies; a trial with more of them has nobody blinded left. */
const MAX_EVENTS = 10_000;

/** Requests to learn an arm in a trial. */
export class Unblindings {
  constructor(private readonly history: EventHistory) {}

  /** Newest first. */
  async ofTrial(tenant: TenantId, trial: string): Promise<readonly Unblinding[]> {
    const events = await this.history.read(
      tenant,
      { streams: { prefixes: [unblindingStream(trial, '')] } },
      { order: 'oldest first', limit: MAX_EVENTS },
    );
    const byParticipant = new Map<string, OfParticipant>();
    for (const recorded of events) {
      const event = catalogue.decode(recorded) as unknown as UnblindingEvent;
      const { participant } = event.data;
      byParticipant.set(participant, evolveUnblindings(byParticipant.get(participant) ?? noUnblindings, event));
    }
    return [...byParticipant.values()].flat().sort((a, b) => b.requestedAt - a.requestedAt);
  }
}
