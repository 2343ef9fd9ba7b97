import { type Decider, type Refusal, refuse } from './decider.js';
import {
  type DomainEvent,
  type Identified,
  LOG_START,
  type Position,
  type RecordedEvent,
  type TenantId,
} from './event.js';
import type { EventCatalogue } from './event-catalogue.js';
import { eventId } from './event-id.js';
import {
  type Append,
  APPEND_MAX_EVENTS,
  type AppendOutcome,
  EventStoreUnavailable,
  type EventStore,
} from './event-store.js';
import { recordedEvents } from './recorded-events.js';

/** Who gave a command, under which id. */
export interface CommandOrigin {
  readonly tenant: TenantId;
  /** UUID made by the client. The same id twice is one effect; the same id with another body is refused. */
  readonly commandId: string;
  readonly actor: string;
  /** A digest of the command's body: tells a retry from a second command under a used id. */
  readonly fingerprint: string;
  readonly correlationId?: string;
  readonly causationId?: string;
}

/** What became of the commands that were given together. */
export type CommandOutcome =
  | {
      readonly kind: 'accepted';
      /** A reader that has come this far sees the effect. */
      readonly position: Position;
      /** What the command added; nothing when all it asks for was so already. */
      readonly events: readonly RecordedEvent[];
    }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      /** Which of several commands it was, from 0. */
      readonly command?: number;
    };

interface LoadedStream<State> {
  readonly state: State;
  readonly revision: number | undefined;
  readonly position: Position;
}

/** How often another process may be faster before the handler gives up: each time, that one has stored something. */
const MAX_ATTEMPTS = 1_000;

/**
 * Loads a stream, decides, appends. Commands for one stream are taken one after another; across processes the expected
 * revision settles it. Folded states are kept: a stale one can cost an attempt, never a wrong answer, because new events
 * are checked by the store, and what adds none is only believed of a state to which nothing has been added.
 */
export class CommandHandler {
  private readonly loaded = new Map<string, LoadedStream<unknown>>();
  private readonly queues = new Map<string, Promise<unknown>>();
  /** Events behind the kept states. */
  private loadedEvents = 0;

  /** @param maxLoadedEvents a state grows with what was recorded, so not streams are counted but what made them */
  constructor(
    private readonly store: EventStore,
    private readonly catalogue: EventCatalogue,
    private readonly maxLoadedEvents = 1_000_000,
  ) {}

  /**
   * Takes one or more commands for a stream as one: all of their events are appended together, or the first refusal
   * refuses them all.
   * @throws EventStoreUnavailable when the outcome is not known; the same commands may be given again
   */
  handle<Command, E extends DomainEvent, State, World>(
    decider: Decider<Command, E, State, World>,
    stream: string,
    commands: readonly Command[],
    world: World,
    givenOrigin: CommandOrigin,
  ): Promise<CommandOutcome> {
    const origin = { ...givenOrigin, commandId: givenOrigin.commandId.toLowerCase() };
    return this.inTurn(cacheKey(origin.tenant, stream), async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const kept = attempt === 0 ? this.recall<State>(origin.tenant, stream) : undefined;
        const loaded = kept ?? (await this.load(decider, origin.tenant, stream));
        const decided = decideAll(decider, commands, loaded.state, world, origin.commandId);
        if (decided.kind === 'refused' || decided.events.length === 0) {
          // What adds nothing may be the retry of what once did. What adds something is asked that by the append.
          const [grown, first] = await Promise.all([
            kept && this.hasGrown(origin.tenant, stream, kept),
            this.store.findEvent(origin.tenant, eventId(origin.commandId, 0)),
          ]);
          if (first) return this.earlierOutcome(origin, first);
          if (grown) continue;
          return decided.kind === 'refused' ? decided : { kind: 'accepted', position: loaded.position, events: [] };
        }

        const append: Append = {
          stream,
          expected: loaded.revision ?? 'none',
          commandId: origin.commandId,
          events: decided.events.map((event) => this.catalogue.encode(event)),
          actor: origin.actor,
          ...(origin.correlationId !== undefined && { correlationId: origin.correlationId }),
          ...(origin.causationId !== undefined && { causationId: origin.causationId }),
          metadata: { fingerprint: origin.fingerprint },
        };
        let outcome: AppendOutcome;
        try {
          outcome = await this.store.append(origin.tenant, append);
        } catch (error) {
          this.forget(origin.tenant, stream);
          throw error;
        }
        switch (outcome.kind) {
          case 'appended': {
            const events = recordedEvents(origin.tenant, append, outcome);
            const { revision, position } = events.at(-1)!;
            this.keep(origin.tenant, stream, { state: decided.state, revision, position });
            return { kind: 'accepted', position, events };
          }
          case 'repeated': {
            const first = await this.store.findEvent(origin.tenant, eventId(origin.commandId, 0));
            if (!first) throw new Error(`command ${origin.commandId} has no first event`);
            return this.earlierOutcome(origin, first);
          }
          case 'conflict':
            this.forget(origin.tenant, stream);
            continue;
          default:
            outcome satisfies never;
        }
      }
      throw new EventStoreUnavailable(`stream ${stream} kept changing; ${MAX_ATTEMPTS} attempts were made`);
    });
  }

  /** A stream's state as it is now: what rules of another stream may look at. */
  async stateOf<Command, E extends DomainEvent, State, World>(
    decider: Decider<Command, E, State, World>,
    tenant: TenantId,
    stream: string,
  ): Promise<State> {
    const kept = this.recall<State>(tenant, stream);
    if (kept && !(await this.hasGrown(tenant, stream, kept))) return kept.state;
    return (await this.load(decider, tenant, stream)).state;
  }

  /** What the command did when it was first given, or a refusal when that was another command. */
  private async earlierOutcome(origin: CommandOrigin, first: RecordedEvent): Promise<CommandOutcome> {
    if (first.metadata['fingerprint'] !== origin.fingerprint) {
      return refuse(
        'COMMAND_ID_REUSED',
        'This commandId was given before with another body. Make a new one for each command.',
        'commandId',
      );
    }
    const events = await this.eventsOf(first);
    return { kind: 'accepted', position: events.at(-1)!.position, events };
  }

  /** All events of a command from its first: they follow each other in its stream. */
  private async eventsOf(first: RecordedEvent): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (let limit = 4; ; limit = APPEND_MAX_EVENTS) {
      const from = first.revision + events.length;
      const following = await this.store.readStream(first.tenant, first.stream, { from, limit });
      const own = following.filter((event) => event.commandId === first.commandId);
      events.push(...own);
      if (own.length < limit) return events;
    }
  }

  private async load<Command, E extends DomainEvent, State, World>(
    decider: Decider<Command, E, State, World>,
    tenant: TenantId,
    stream: string,
  ): Promise<LoadedStream<State>> {
    let state = decider.initial;
    let last: RecordedEvent | undefined;
    for (const event of await this.store.readStream(tenant, stream)) {
      state = decider.evolve(state, this.catalogue.decode(event) as unknown as Identified<E>);
      last = event;
    }
    const loaded = { state, revision: last?.revision, position: last?.position ?? LOG_START };
    // A stream that is not there costs nothing to look for again; kept, it would push out one that does.
    if (last) this.keep(tenant, stream, loaded);
    return loaded;
  }

  private async hasGrown(tenant: TenantId, stream: string, { revision }: LoadedStream<unknown>): Promise<boolean> {
    const from = revision === undefined ? 0 : revision + 1;
    return (await this.store.readStream(tenant, stream, { from, limit: 1 })).length > 0;
  }

  private recall<State>(tenant: TenantId, stream: string): LoadedStream<State> | undefined {
    return this.loaded.get(cacheKey(tenant, stream)) as LoadedStream<State> | undefined;
  }

  private keep(tenant: TenantId, stream: string, loaded: LoadedStream<unknown>): void {
    const key = cacheKey(tenant, stream);
    this.drop(key);
    this.loaded.set(key, loaded);
    this.loadedEvents += weightOf(loaded);
    while (this.loadedEvents > this.maxLoadedEvents) this.drop(this.loaded.keys().next().value!);
  }

  private forget(tenant: TenantId, stream: string): void {
    this.drop(cacheKey(tenant, stream));
  }

  private drop(key: string): void {
    const loaded = this.loaded.get(key);
    if (!loaded) return;
    this.loaded.delete(key);
    this.loadedEvents -= weightOf(loaded);
  }

  /** Runs tasks of one key one after another, in the order in which they came. */
  private async inTurn<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.queues.get(key);
    const mine = before ? before.then(task, task) : task();
    this.queues.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.queues.get(key) === mine) this.queues.delete(key);
    }
  }
}

function decideAll<Command, E extends DomainEvent, State, World>(
  decider: Decider<Command, E, State, World>,
  commands: readonly Command[],
  before: State,
  world: World,
  commandId: string,
):
  | { readonly kind: 'accepted'; readonly events: readonly E[]; readonly state: State }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly command?: number } {
  let state = before;
  const events: E[] = [];
  for (const [index, command] of commands.entries()) {
    const decision = decider.decide(command, state, world);
    if (decision.kind === 'refused') return commands.length === 1 ? decision : { ...decision, command: index };
    for (const event of decision.events) {
      state = decider.evolve(state, { ...event, id: eventId(commandId, events.length) } as unknown as Identified<E>);
      events.push(event);
    }
  }
  return { kind: 'accepted', events, state };
}

/** A state takes some room whatever was recorded, about that of a few events. */
const weightOf = (loaded: LoadedStream<unknown>): number => (loaded.revision ?? 0) + 4;

const cacheKey = (tenant: TenantId, stream: string): string => `${tenant}\n${stream}`;
