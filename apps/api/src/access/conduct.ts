import { randomUUID } from 'node:crypto';
import { accessEventTypes, type ConductEvent, conductStream, type SealReason, type Viewer } from '@cairn/access';
import { digest, EventCatalogue, type EventStore, isIdentifier, type TenantId, uuidV5 } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import type { Viewers } from './viewers.js';

/** A look at what is sealed to most. */
export interface SealedRead {
  readonly viewer: Viewer;
  readonly trial: string;
  /** As the schema names it, e.g. `Participant.arm`. */
  readonly field: string;
  /** Whose it was, where it was one participant's. */
  readonly participant?: string;
  /** How many participants' it was. */
  readonly participants: number;
  readonly by: 'role' | 'unblinding';
  /** The data cut that it was of, where it was of one. */
  readonly cut?: string;
}

/** A look that was not granted. */
export interface SealedReadRefused extends Pick<SealedRead, 'viewer' | 'trial' | 'field'> {
  readonly reason: SealReason;
}

/** What is kept of sign-ins that were recorded; whoever falls out is asked of the store once more. */
const MAX_SESSIONS = 100_000;
const MINUTE = 60_000;
const catalogue = new EventCatalogue(accessEventTypes);

/**
 * Records what somebody did that changed nothing: signing in, looking at what is sealed, being refused it. Only of people
 * whom the tenant knows, so that a token of the issuer's alone cannot make a log grow. Every method throws
 * EventStoreUnavailable when the record may not be there; whoever asked must then not be answered.
 */
export class Conduct {
  /** By tenant, person and session; a promise, so that requests that come together wait for one record. */
  private readonly sessions = new Map<string, Promise<void>>();
  private readonly refusals = new Map<string, number>();

  constructor(
    private readonly store: EventStore,
    private readonly viewers: Viewers,
    private readonly clock: () => number = Date.now,
  ) {}

  /** To be told of every request; the first of a session, of whichever process, is recorded. */
  async signedIn({ tenant, person, client, session }: Identity): Promise<void> {
    const key = JSON.stringify([tenant, person, session]);
    const known = this.sessions.get(key);
    if (known) return known;
    if (!(await this.isKnown(tenant, person))) return;
    const data = {
      person,
      ...(client !== undefined && { client: named(client) }),
      session: named(session),
    };
    const recording = this.sessions.get(key) ?? this.record(tenant, uuidV5(`signed in ${key}`), 'SignedIn', data);
    this.sessions.set(key, recording);
    if (this.sessions.size > MAX_SESSIONS) this.sessions.delete(this.sessions.keys().next().value!);
    recording.catch(() => this.sessions.delete(key));
    return recording;
  }

  /** To be awaited before the answer leaves: no look without its record. */
  async sealedRead({ viewer: { tenant, person }, ...look }: SealedRead): Promise<void> {
    await this.record(tenant, randomUUID(), 'SealedDataRead', { person, ...look });
  }

  /** The same refusal is recorded once a minute by each process, so that asking again and again does not fill the log. */
  async sealedReadRefused({ viewer: { tenant, person }, ...look }: SealedReadRefused): Promise<void> {
    const minute = Math.floor(this.clock() / MINUTE);
    const key = JSON.stringify([tenant, person, look.trial, look.field, look.reason]);
    if (!(await this.isKnown(tenant, person)) || this.refusals.get(key) === minute) return;
    this.refusals.delete(key);
    this.refusals.set(key, minute);
    try {
      // By no id that can be guessed: whoever gives a command under a used id is told so.
      await this.record(tenant, randomUUID(), 'SealedDataRefused', { person, ...look });
    } catch (error) {
      this.refusals.delete(key);
      throw error;
    }
    if (this.refusals.size > MAX_SESSIONS) this.refusals.delete(this.refusals.keys().next().value!);
  }

  private async isKnown(tenant: TenantId, person: string): Promise<boolean> {
    const { persons } = await this.viewers.people(tenant);
    return persons.some((known) => known.person === person);
  }

  private async record<Type extends ConductEvent['type']>(
    tenant: TenantId,
    commandId: string,
    type: Type,
    data: Extract<ConductEvent, { type: Type }>['data'],
  ): Promise<void> {
    await this.store.append(tenant, {
      stream: conductStream(data.person),
      expected: 'any',
      commandId,
      events: [catalogue.encode({ type, occurredAt: this.clock(), data })],
      actor: data.person,
    });
  }
}

/** Issuers name sessions and clients as they like. */
const named = (text: string): string => (isIdentifier(text) ? text : digest(text));
