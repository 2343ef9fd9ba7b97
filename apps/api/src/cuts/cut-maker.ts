import type { CutMaterial } from '@cairn/audit';
import type { EventStore, Instant, TenantId } from '@cairn/event-sourcing';
import { CODE_VERSION } from './code-version.js';
import type { TrialLog, Turn } from './trial-log.js';
import type { Workshop } from './workshop.js';

/** Makes what a cut is taken of: a trial's tables from its log, never from a read model. */
export class CutMaker {
  constructor(
    private readonly store: Pick<EventStore, 'head'>,
    private readonly log: TrialLog,
    private readonly workshop: Workshop,
    private readonly turnOf: (tenant: TenantId, person: string) => Turn,
  ) {}

  /**
   * The trial as the log has it at this moment.
   * @param occurredBefore exclusive
   * @returns undefined for a trial that is not registered
   */
  async material(
    { tenant, person }: { readonly tenant: TenantId; readonly person: string },
    trial: string,
    occurredBefore: Instant,
  ): Promise<CutMaterial | undefined> {
    const position = await this.store.head(tenant);
    const pages = this.log.pages(tenant, trial, position, this.turnOf(tenant, person));
    const [size, made] = await Promise.all([
      this.log.size(tenant, trial, position),
      this.workshop.make(tenant, { kind: 'tables', occurredBefore }, pages),
    ]);
    return made && { ...made, position, size, code: CODE_VERSION };
  }
}
