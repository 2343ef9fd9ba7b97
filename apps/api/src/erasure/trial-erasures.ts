import {
  type Erasure,
  type ErasureEvent,
  erasureEventTypes,
  type Erasures,
  erasureStream,
  evolveErasures,
  noErasures,
} from '@cairn/audit';
import { EventCatalogue, type Position, type TenantId } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import { everyEvent } from '../history/every-event.js';

const catalogue = new EventCatalogue(erasureEventTypes);

/** Requests to erase free text about participants of a trial, as they are on record. */
export class TrialErasures {
  constructor(private readonly history: Pick<EventHistory, 'read'>) {}

  /** Newest first. @param upTo the last position that counts; absent: all of them */
  async ofTrial(tenant: TenantId, trial: string, upTo?: Position): Promise<readonly Erasure[]> {
    const byParticipant = new Map<string, Erasures>();
    for await (const event of this.events(tenant, trial, upTo)) {
      const { participant } = event.data;
      byParticipant.set(participant, evolveErasures(byParticipant.get(participant) ?? noErasures, event));
    }
    return [...byParticipant.values()].flat().sort((a, b) => b.requestedAt - a.requestedAt);
  }

  /** Participants whose free text was erased. */
  async erased(tenant: TenantId, trial: string): Promise<readonly string[]> {
    const all = await this.ofTrial(tenant, trial);
    return all.filter(({ kind }) => kind === 'erased').map(({ participant }) => participant);
  }

  private async *events(tenant: TenantId, trial: string, upTo?: Position): AsyncGenerator<ErasureEvent> {
    const selection = { streams: { prefixes: [erasureStream(trial, '')] } };
    const range = { below: upTo === undefined ? undefined : upTo + 1n };
    for await (const recorded of everyEvent(this.history, tenant, selection, range)) {
      yield catalogue.decode(recorded) as unknown as ErasureEvent;
    }
  }
}
