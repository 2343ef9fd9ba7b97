import type { DomainEvent, Fact } from '@cairn/event-sourcing';

/** Recorded facts for a projection's definition: event n happened on minute n and was recorded an hour later. */
export const specimensOf = <E extends DomainEvent>(
  ...events: readonly (E extends DomainEvent ? Pick<E, 'type' | 'data'> : never)[]
): readonly Fact<E>[] =>
  events.map((event, index) => ({
    ...event,
    occurredAt: index * 60_000,
    recordedAt: index * 60_000 + 3_600_000,
    schemaVersion: 1,
    id: specimenId(index),
    tenant: 'tenant',
    stream: 'stream',
    revision: index,
    position: BigInt(index + 1),
    actor: 'actor',
    commandId: specimenId(index),
    correlationId: specimenId(index),
    causationId: specimenId(index),
    metadata: {},
  })) as unknown as readonly Fact<E>[];

/** The id of the n-th specimen, for a void that points at it. */
export const specimenId = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
