import type { EventStore, TenantId } from '@cairn/event-sourcing';
import type { BackTest, BackTestSpan, RuleInForce } from '@cairn/monitoring';
import type { SignalRule } from '@cairn/signals';
import type { TrialLog, Turn } from '../cuts/trial-log.js';
import type { Workshop } from '../cuts/workshop.js';

/** Drafts of rules on what is on record now, made beside the event loop. */
export class BackTests {
  constructor(
    private readonly store: Pick<EventStore, 'head'>,
    private readonly log: TrialLog,
    private readonly workshop: Workshop,
  ) {}

  async of(
    { tenant, trial }: { readonly tenant: TenantId; readonly trial: string },
    draft: SignalRule,
    inForce: RuleInForce | undefined,
    span: BackTestSpan,
    turn: Turn,
  ): Promise<BackTest> {
    const task = { kind: 'backTest', draft, inForce: inForce?.definition, span } as const;
    const pages = this.log.pages(tenant, trial, await this.store.head(tenant), turn);
    // Whoever asks was shown the trial, so it was registered.
    return (await this.workshop.make(tenant, task, pages))!;
  }
}
