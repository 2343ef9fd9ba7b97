import { canonicalJson } from './canonical-json.js';
import type { DomainEvent, EncodedEvent, Fact, RecordedEvent } from './event.js';

/** Turns a payload of one schema version into the next one. Pure. */
export type Upcaster = (data: never) => unknown;

/** One type of event: its name and payload are a storage format and stay readable for ever. */
export interface EventType<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** Checks and narrows a payload; throws on a wrong one. A zod schema fits. */
  readonly schema: { parse(data: unknown): Data };
  /** `upcasters[i]` turns version i + 1 into i + 2; the current version is therefore their number plus one. */
  readonly upcasters: readonly Upcaster[];
}

/** Declares a type of event. @param upcasters from version 1 on, see `EventType` */
export const eventType = <Type extends string, Data>(
  type: Type,
  schema: { parse(data: unknown): Data },
  ...upcasters: readonly Upcaster[]
): EventType<Type, Data> => ({ type, schema, upcasters });

/** The domain event that an event type describes; the union of them for a union of types. */
export type EventOf<T extends EventType> =
  T extends EventType<infer Type, infer Data> ? DomainEvent<Type, Data> : never;

/** Every event type an application knows, and the way between payload text and the current shape. */
export class EventCatalogue {
  private readonly types = new Map<string, EventType>();

  constructor(types: Iterable<EventType>) {
    for (const type of types) {
      if (this.types.has(type.type)) throw new Error(`event type ${type.type} is registered twice`);
      this.types.set(type.type, type);
    }
  }

  /** Names and current schema versions, by name. */
  versions(): ReadonlyMap<string, number> {
    return new Map([...this.types.values()].map((t) => [t.type, currentVersion(t)] as const).sort());
  }

  /**
   * The payload is stored in the one text that RFC 8785 gives it, so that its bytes follow from what it says.
   * @throws UnknownEventType, or what the type's schema throws on a payload that does not fit it
   */
  encode(event: DomainEvent): EncodedEvent {
    const type = this.types.get(event.type);
    if (!type) throw new UnknownEventType(event.type);
    return {
      type: event.type,
      schemaVersion: currentVersion(type),
      occurredAt: event.occurredAt,
      payload: canonicalJson(type.schema.parse(event.data)),
    };
  }

  /**
   * Reads a stored event into its current shape.
   * @throws UnknownEventType
   * @throws NewerEventVersion when newer code wrote it; the reader must stop, not guess
   */
  decode(event: RecordedEvent): Fact {
    const type = this.types.get(event.type);
    if (!type) throw new UnknownEventType(event.type);
    const current = currentVersion(type);
    if (event.schemaVersion > current) throw new NewerEventVersion(event.type, event.schemaVersion, current);
    let data: unknown = JSON.parse(event.payload);
    for (let version = event.schemaVersion; version < current; version++) {
      data = type.upcasters[version - 1]!(data as never);
    }
    // Spelled out, not spread: this runs once for every event of a rebuild.
    return {
      type: event.type,
      occurredAt: event.occurredAt,
      data,
      schemaVersion: current,
      id: event.id,
      tenant: event.tenant,
      stream: event.stream,
      revision: event.revision,
      position: event.position,
      recordedAt: event.recordedAt,
      actor: event.actor,
      commandId: event.commandId,
      correlationId: event.correlationId,
      causationId: event.causationId,
      metadata: event.metadata,
    };
  }
}

const currentVersion = (type: EventType): number => type.upcasters.length + 1;

/** The code that reads this log does not know the type: it is older than the code that wrote it. */
export class UnknownEventType extends Error {
  override readonly name = 'UnknownEventType';
  constructor(readonly type: string) {
    super(`event type ${type} is not known to this version of the code`);
  }
}

/** The event was written by a later version of the code. */
export class NewerEventVersion extends Error {
  override readonly name = 'NewerEventVersion';
  constructor(
    readonly type: string,
    readonly stored: number,
    readonly known: number,
  ) {
    super(`event type ${type} is stored in version ${stored}; this code knows up to version ${known}`);
  }
}
