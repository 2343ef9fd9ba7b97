import { armOpenUntil, type Viewer } from '@cairn/access';
import type { Instant } from '@cairn/event-sourcing';
import type { Unblindings } from './unblindings.js';

/** Whose arms were opened to somebody by an approved unblinding, at this moment. */
export class OpenArms {
  private readonly asked = new WeakMap<Viewer, Map<string, Promise<ReadonlySet<string>>>>();

  constructor(
    private readonly unblindings: Unblindings,
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
    const unblindings = await this.unblindings.ofTrial(tenant, trial);
    return new Set(
      unblindings
        .filter((each) => armOpenUntil([each], person, this.clock()) !== undefined)
        .map(({ participant }) => participant),
    );
  }
}
