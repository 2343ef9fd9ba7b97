import type { Instant, RecordedEvent, TenantId } from '@cairn/event-sourcing';

/**
 * When events were recorded, as the copy says it: the time of the first event is that of its append, and none falls behind the
 * one before. What `cairn.copy` does, for whoever reads KurrentDB itself.
 */
export class CopiedTimes {
  private readonly logs = new Map<TenantId, { readonly commandId: string; readonly recordedAt: Instant }>();

  /** To be asked for every event of a log, in their order. */
  of({ tenant, commandId, recordedAt }: RecordedEvent): Instant {
    const before = this.logs.get(tenant);
    if (before?.commandId === commandId) return before.recordedAt;
    const time = Math.max(before?.recordedAt ?? -Infinity, recordedAt);
    this.logs.set(tenant, { commandId, recordedAt: time });
    return time;
  }
}
