import { eventId, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type { AllRange } from '@cairn/platform/kurrent';

/** The logs of all tenants as KurrentDB gives them, in memory: what a copy is made of. */
export class AllEvents {
  readonly events: RecordedEvent[] = [];
  private readonly listeners = new Set<(tenant: TenantId) => void>();
  private position = 100n;

  /** The events of one append, at the end of a stream. @param recordedAt the first's; the others came later */
  append(tenant: TenantId, stream: string, commandId: string, count: number, recordedAt: number): void {
    const before = this.events.filter((event) => event.tenant === tenant && event.stream === stream).length;
    for (let ordinal = 0; ordinal < count; ordinal++) {
      this.position += 37n;
      this.events.push({
        type: 'Noted',
        schemaVersion: 1,
        occurredAt: recordedAt - 1_000,
        payload: JSON.stringify({ commandId, ordinal }),
        id: eventId(commandId, ordinal),
        tenant,
        stream,
        revision: before + ordinal,
        position: this.position,
        recordedAt: recordedAt + ordinal,
        actor: 'somebody',
        commandId,
        correlationId: commandId,
        causationId: ordinal === 0 ? commandId : 'another',
        metadata: ordinal === 0 ? {} : { 'a "b"': '\u0000' },
      });
    }
    for (const listener of this.listeners) listener(tenant);
  }

  readAll({ after, limit }: AllRange): Promise<readonly RecordedEvent[]> {
    return Promise.resolve(this.events.filter(({ position }) => position > after).slice(0, limit));
  }

  onAppended(listener: (tenant: TenantId) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  of(tenant: TenantId): readonly RecordedEvent[] {
    return this.events.filter((event) => event.tenant === tenant);
  }
}
