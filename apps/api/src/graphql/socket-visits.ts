import { setImmediate as othersTurn } from 'node:timers/promises';
import { decideField, ruleOf, type Viewer } from '@cairn/access';
import { type DocumentNode, getArgumentValues, type GraphQLSchema, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { WebSocket } from 'ws';
import type { Identity } from '../identity/identity.js';

/** How the protocol says at a close that somebody must sign in, or may not. */
export const UNAUTHORIZED = [4401, 'Unauthorized'] as const;
export const FORBIDDEN = [4403, 'Forbidden'] as const;

/** A root field of a subscription, and the trial that it names. */
export interface AskedField {
  readonly field: string;
  readonly trial: string | undefined;
}

/** Who is at the other end of a socket, and what they watch. */
export interface Visit {
  readonly identity: Identity;
  /** By the id of the operation: what the visitor was allowed when it began. */
  readonly watching: Map<string, readonly AskedField[]>;
}

/** How often it is looked whether a visit may go on: roles end with an event, tokens with time. In milliseconds. */
const LOOK_EVERY = 1_000;
/** Five thousand sockets are 45 ms of work; requests need not wait for all of it. */
const AT_A_TIME = 100;

/** Sockets whose visitors are known. A visit ends with the token, and when something that is watched is no longer allowed. */
export class SocketVisits {
  private readonly visits = new Map<WebSocket, Visit>();
  private readonly timer: NodeJS.Timeout;
  private looking = false;

  constructor(
    private readonly viewerOf: (identity: Identity) => Promise<Viewer>,
    private readonly clock: () => number = Date.now,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_EVERY);
    this.timer.unref();
  }

  begin(socket: WebSocket, identity: Identity): void {
    this.visits.set(socket, { identity, watching: new Map() });
    socket.once('close', () => this.visits.delete(socket));
  }

  of(socket: WebSocket): Visit | undefined {
    return this.visits.get(socket);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    // A store that answers slowly is not asked once more meanwhile.
    if (this.looking) return;
    this.looking = true;
    let looked = 0;
    for (const [socket, visit] of this.visits) {
      if (++looked % AT_A_TIME === 0) await othersTurn();
      if (this.clock() >= visit.identity.expiresAt) socket.close(...UNAUTHORIZED);
      // What cannot be told now is told at the next look; until then nothing new can be read either.
      else if (!(await this.mayGoOn(visit).catch(() => true))) socket.close(...FORBIDDEN);
    }
    this.looking = false;
  }

  private async mayGoOn({ identity, watching }: Visit): Promise<boolean> {
    const viewer = await this.viewerOf(identity);
    return viewer.assignments.length > 0 && [...watching.values()].every((fields) => mayWatch(viewer, fields));
  }
}

export const mayWatch = (viewer: Viewer, fields: readonly AskedField[]): boolean =>
  fields.every(({ field, trial }) => {
    const rule = ruleOf('Subscription', field);
    return rule !== undefined && decideField(viewer, rule, trial).kind === 'shown';
  });

/** What a subscription that is valid asks for at its root, through whatever fragments. */
export function askedFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): readonly AskedField[] {
  const asked: AskedField[] = [];
  const types = new TypeInfo(schema);
  const subscription = schema.getSubscriptionType();
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: (node) => {
        const field = types.getFieldDef();
        if (!field || types.getParentType() !== subscription) return;
        const { trial } = getArgumentValues(field, node, variables);
        asked.push({ field: field.name, trial: typeof trial === 'string' ? trial : undefined });
      },
    }),
  );
  return asked;
}
