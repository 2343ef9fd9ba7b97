import type { Append, AppendOutcome, EventStore, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import { originOf, type TraceKey } from './trace-ids.js';
import { instantNow, noteTrace, type Tracing } from './tracing.js';

/** Traces of one page at the most: an import or a rebuild would be thousands. */
const TRACES = 16;

/** What is recorded of the store's work, and of work on what the store has. */
export class StoreTracing {
  /** @param find one event by its id; asked beside the work, which does not wait for it */
  constructor(
    private readonly tracing: Tracing,
    private readonly find: EventStore['findEvent'],
  ) {}

  async append(tenant: TenantId, append: Append, call: () => Promise<AppendOutcome>): Promise<AppendOutcome> {
    const start = instantNow();
    noteTrace(tenant, append.correlationId ?? append.commandId.toLowerCase());
    let outcome: AppendOutcome['kind'] | 'failed' = 'failed';
    try {
      const answer = await call();
      outcome = answer.kind;
      return answer;
    } finally {
      const end = instantNow();
      void this.appended(tenant, append, { start, end, outcome }).catch(() => undefined);
    }
  }

  /** To be told of each call that stores appends. @returns to be called when it is over */
  batch(appends: readonly Append[], tenant: TenantId): () => void {
    const start = instantNow();
    return () =>
      this.tracing.record({
        name: 'append.batch',
        start,
        end: instantNow(),
        attributes: { 'cairn.appends': appends.length },
        appends: appends.map(({ commandId, correlationId }) => ({
          key: { tenant, correlation: correlationId ?? commandId.toLowerCase() },
          commandId: commandId.toLowerCase(),
        })),
      });
  }

  /** Work on a page of events that is over: a span in the trace of each command, as far as there are few. */
  worked(name: string, events: readonly RecordedEvent[], { start, end }: { start: number; end: number }): void {
    const commands = new Map(events.map((event) => [event.commandId, event]));
    for (const event of [...commands.values()].slice(0, TRACES)) {
      void this.of(event)
        .then((of) =>
          this.tracing.record({
            ...{ name, of, start, end },
            parent: { span: 'append', of: event.commandId },
            attributes: { 'cairn.events': events.length },
          }),
        )
        .catch(() => undefined);
    }
  }

  /** Something was sent of an event, by its id. */
  async sent(
    name: string,
    { tenant, id }: { readonly tenant: TenantId; readonly id: string },
    { start, end, result }: { readonly start: number; readonly end: number; readonly result: string },
  ): Promise<void> {
    const event = await this.find(tenant, id).catch(() => undefined);
    if (!event) return;
    this.tracing.record({
      ...{ name, of: await this.of(event), start, end },
      parent: { span: 'append', of: event.commandId },
      attributes: { 'cairn.result': result },
    });
  }

  private async appended(
    tenant: TenantId,
    append: Append,
    { start, end, outcome }: { readonly start: number; readonly end: number; readonly outcome: string },
  ): Promise<void> {
    const commandId = append.commandId.toLowerCase();
    const { causationId = commandId, correlationId = commandId } = append;
    const as = { span: 'append', of: commandId } as const;
    const attributes = { 'cairn.outcome': outcome, 'cairn.events': append.events.length };
    const cause = causationId === commandId ? undefined : await this.find(tenant, causationId);
    if (!cause) {
      const of = { tenant, correlation: correlationId };
      const parent = { span: 'command', of: correlationId } as const;
      this.tracing.record({
        ...{ name: 'append', of, as, parent, start, end, attributes },
        failed: outcome === 'failed',
      });
      return;
    }
    const of = await this.of(cause);
    const parent = { span: 'append', of: cause.commandId } as const;
    // From when the event was there that led to it until it was found.
    this.tracing.record({ name: 'watch', of, parent, start: cause.recordedAt, end: start });
    this.tracing.record({
      ...{ name: 'append', of, as, parent, start, end, attributes },
      failed: outcome === 'failed',
    });
  }

  private async of(event: RecordedEvent): Promise<TraceKey> {
    const { tenant, correlationId } = await originOf(event, this.find);
    return { tenant, correlation: correlationId };
  }
}
