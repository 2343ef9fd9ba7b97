import {
  evolveUnblindings,
  noUnblindings,
  type Unblinding,
  unblindingEventTypes,
  type UnblindingEvent,
  type Unblindings as OfParticipant,
  unblindingStream,
} from '@cairn/access';
import { EventCatalogue, type Position, type TenantId } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import { everyEvent } from '../history/every-event.js';

const catalogue = new EventCatalogue(unblindingEventTypes);

/** Requests to learn an arm in a trial, as they are on record. */
export class Unblindings {
  constructor(private readonly history: Pick<EventHistory, 'read'>) {}

  /** Newest first. @param upTo the last position that counts; absent: all of them */
  async ofTrial(tenant: TenantId, trial: string, upTo?: Position): Promise<readonly Unblinding[]> {
    const byParticipant = new Map<string, OfParticipant>();
    for await (const event of this.events(tenant, trial, upTo)) {
      const { participant } = event.data;
      byParticipant.set(participant, evolveUnblindings(byParticipant.get(participant) ?? noUnblindings, event));
    }
    return [...byParticipant.values()].flat().sort((a, b) => b.requestedAt - a.requestedAt);
  }

  /** All of them, however many: an approval that is left out would keep somebody from an arm in an emergency. */
  private async *events(tenant: TenantId, trial: string, upTo?: Position): AsyncGenerator<UnblindingEvent> {
    const selection = { streams: { prefixes: [unblindingStream(trial, '')] } };
    const range = { below: upTo === undefined ? undefined : upTo + 1n };
    for await (const recorded of everyEvent(this.history, tenant, selection, range)) {
      yield catalogue.decode(recorded) as unknown as UnblindingEvent;
    }
  }
}
