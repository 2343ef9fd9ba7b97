import {
  accessEventTypes,
  armOpenUntil,
  evolveUnblindings,
  noUnblindings,
  unblindingStream,
  type UnblindingEvent,
  type Unblindings,
  type Viewer,
} from '@cairn/access';
import { EventCatalogue, type Instant } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';

/** More requests than a trial has participants would be no blinding any more. */
const MAX_EVENTS = 10_000;
const catalogue = new EventCatalogue(accessEventTypes);

/** Whose arms were opened to somebody by an approved unblinding, at this moment. */
export class OpenArms {
  private readonly asked = new WeakMap<Viewer, Map<string, Promise<ReadonlySet<string>>>>();

  constructor(
    private readonly history: EventHistory,
    private readonly clock: () => Instant = Date.now,
  ) {}

  /** Participants of the trial. A viewer is made for one request, for which this is read once. */
  to(viewer: Viewer, trial: string): Promise<ReadonlySet<string>> {
    const byTrial = this.asked.get(viewer) ?? new Map<string, Promise<ReadonlySet<string>>>();
    const reading = byTrial.get(trial) ?? this.read(viewer, trial);
    this.asked.set(viewer, byTrial.set(trial, reading));
    return reading;
  }

  private async read({ tenant, person }: Viewer, trial: string): Promise<ReadonlySet<string>> {
    const events = await this.history.read(
      tenant,
      { streams: { prefixes: [unblindingStream(trial, '')] } },
      { order: 'oldest first', limit: MAX_EVENTS },
    );
    const byParticipant = new Map<string, Unblindings>();
    for (const recorded of events) {
      const event = catalogue.decode(recorded) as unknown as UnblindingEvent;
      const { participant } = event.data;
      byParticipant.set(participant, evolveUnblindings(byParticipant.get(participant) ?? noUnblindings, event));
    }
    const now = this.clock();
    const open = [...byParticipant].filter(([, unblindings]) => armOpenUntil(unblindings, person, now) !== undefined);
    return new Set(open.map(([participant]) => participant));
  }
}
