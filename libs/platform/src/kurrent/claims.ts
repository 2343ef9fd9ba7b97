import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { eventId, type TenantId } from '@cairn/event-sourcing';
import type { KurrentConnection } from './connection.js';
import type { RawEvent } from './raw-event.js';
import { streamRead } from './read-requests.js';
import { commandStream, eventStream } from './stream-names.js';

/** Where a command's events go: their stream, and the revision of the first of them. */
export interface Place {
  readonly stream: string;
  readonly firstRevision: number;
}

/** A claim that was made: its revision in the command's stream, and its position in `$all`. */
export interface Claim {
  readonly revision: number;
  readonly position: bigint;
}

/**
 * What became of a command so far.
 *
 * - `none`: nobody claimed it.
 * - `stored`: its events are there, for ever.
 * - `void`: its place was taken by others, so whoever claimed it cannot store it there any more.
 * - `open`: its place is free. Whoever claimed it may be about to store it, or be dead.
 */
export type CommandState =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'stored' } & Place)
  | ({ readonly kind: 'void' | 'open'; readonly claim: number } & Place);

/** How long whoever claimed a command is waited for, in milliseconds. */
const PATIENCE = 2_000;
const LOOK_EVERY = 15;

/**
 * A command id is used once in a tenant, whatever its stream, which KurrentDB knows nothing of: it looks for an id in one
 * stream only. So each command has a stream of its own with the places that were claimed for it, one after the other. A claim
 * is decided by what is at its place, and nothing else: nobody has to release one, and a clock has no say.
 */
export class Claims {
  constructor(private readonly connection: KurrentConnection) {}

  /**
   * Claims a place after the last claim that the caller knows of.
   * @param after its revision; undefined: it knows of none
   * @returns undefined when there is another claim meanwhile
   */
  async claim(
    tenant: TenantId,
    commandId: string,
    place: Place,
    after: number | undefined,
  ): Promise<Claim | undefined> {
    // An id of its own: a claim that is sent again after a lost answer is the same one, that of another process is not.
    const claim = { id: randomUUID(), type: 'CommandClaimed', data: JSON.stringify(place) };
    const written = await this.connection.append(commandStream(tenant, commandId), after, [claim]);
    if (written.kind === 'wrong-version') return undefined;
    const revision = (after ?? -1) + 1;
    // A server that repeats an answer before it has replicated the claim does not know where it is: the next claim will do.
    if (written.position === undefined) return this.claim(tenant, commandId, place, revision);
    return { revision, position: written.position };
  }

  /** Waits for one that is open, but not for ever. */
  async state(tenant: TenantId, commandId: string): Promise<CommandState> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const state = await this.look(tenant, commandId);
      if (state.kind !== 'open' || performance.now() > deadline) return state;
      await wait(LOOK_EVERY);
    }
  }

  /** Whether a command's first event is at a place. */
  async isAt(tenant: TenantId, commandId: string, place: Place): Promise<boolean> {
    return (await this.eventAt(tenant, place))?.id === eventId(commandId, 0);
  }

  private async look(tenant: TenantId, commandId: string): Promise<CommandState> {
    const last = {
      stream: commandStream(tenant, commandId),
      direction: 'backwards',
      from: undefined,
      limit: 1,
    } as const;
    const [claim] = await this.connection.read(streamRead(last));
    if (!claim) return { kind: 'none' };
    const place = JSON.parse(claim.data.toString('utf8')) as Place;
    const event = await this.eventAt(tenant, place);
    if (event?.id === eventId(commandId, 0)) return { kind: 'stored', ...place };
    return { kind: event ? 'void' : 'open', claim: claim.revision, ...place };
  }

  private async eventAt(tenant: TenantId, { stream, firstRevision }: Place): Promise<RawEvent | undefined> {
    const name = eventStream(tenant, stream);
    const one = { stream: name, direction: 'forwards', from: firstRevision, limit: 1 } as const;
    const [event] = await this.connection.read(streamRead(one));
    return event;
  }
}
