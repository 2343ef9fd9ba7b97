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
/** Events that are read at once. */
const PAGE = 1_000;

/** Requests to learn an arm in a trial, as they are on record now. */
export class Unblindings {
  constructor(private readonly history: Pick<EventHistory, 'read'>) {}

  /** Newest first. */
  async ofTrial(tenant: TenantId, trial: string): Promise<readonly Unblinding[]> {
    const byParticipant = new Map<string, OfParticipant>();
    for await (const event of this.events(tenant, trial)) {
      const { participant } = event.data;
      byParticipant.set(participant, evolveUnblindings(byParticipant.get(participant) ?? noUnblindings, event));
    }
    return [...byParticipant.values()].flat().sort((a, b) => b.requestedAt - a.requestedAt);
  }

  /** All of them, however many: an approval that is left out would keep somebody from an arm in an emergency. */
  private async *events(tenant: TenantId, trial: string): AsyncGenerator<UnblindingEvent> {
    const selection = { streams: { prefixes: [unblindingStream(trial, '')] } };
    for (let above = 0n; ;) {
      const page = await this.history.read(tenant, selection, { order: 'oldest first', above, limit: PAGE });
      for (const recorded of page) yield catalogue.decode(recorded) as unknown as UnblindingEvent;
      if (page.length < PAGE) return;
      above = page.at(-1)!.position;
    }
  }
}
