import { createHash, randomUUID } from 'node:crypto';
import { accessEventTypes, type Assignment, peopleStream, type Scope } from '@cairn/access';
import { type CommandOutcome, EventCatalogue, InMemoryEventStore } from '@cairn/event-sourcing';
import { InMemoryKeys, type KeyOwner, ParticipantKeys } from '@cairn/platform/keys';
import { Erasures } from '../free-text/erasures.js';
import { FreeText } from '../free-text/free-text.js';
import type { Identity } from '../identity/identity.js';
import { type SignalEvent, signalEventTypes, signalId, signalStream } from '@cairn/signals';
import { Application } from './application.js';

export const TENANT = 'test';
export const NOW = Date.parse('2020-01-01T00:00:00Z');
const people = new EventCatalogue(accessEventTypes);
const signals = new EventCatalogue(signalEventTypes);

export type Role = Omit<Assignment, 'assignment' | 'person'>;
export type Input = Readonly<Record<string, unknown>>;

export const identityOf = (person: string, ...scopes: readonly Scope[]): Identity => ({
  tenant: TENANT,
  person,
  name: person,
  client: undefined,
  session: `session of ${person}`,
  scopes: new Set(scopes),
  expiresAt: Infinity,
});

/** The same keys in every world, so that what is sealed in two of them can be compared. */
class FixedKeys extends InMemoryKeys {
  override putIfNone(owner: KeyOwner): ReturnType<InMemoryKeys['putIfNone']> {
    const fixed = createHash('sha256').update(JSON.stringify(owner)).digest('base64');
    return super.putIfNone(owner, fixed);
  }
}

/** An application over a log in memory, at one moment, and whoever is needed to ask it. */
export class SpecWorld {
  readonly store = new InMemoryEventStore(() => this.now);
  private readonly keys = new FixedKeys();
  readonly application = new Application(this.store, () => this.now, {
    freeText: new FreeText(new ParticipantKeys(this.keys, this.keys), new Erasures(this.store)),
  });
  now = NOW;
  private commands = 0;

  /** Makes somebody known with these roles, past the rules. */
  async know(person: string, ...roles: readonly Role[]): Promise<Identity> {
    const known = { type: 'PersonRegistered' as const, occurredAt: 0, data: { person, name: person } };
    const assigned = roles.map((role, index) => ({
      type: 'RoleAssigned' as const,
      occurredAt: 0,
      data: { assignment: `${person}-${index}`, person, ...role },
    }));
    await this.store.append(TENANT, {
      stream: peopleStream,
      expected: 'any',
      commandId: randomUUID(),
      events: [known, ...assigned].map((event) => people.encode(event)),
      actor: 'spec',
    });
    this.application.viewers.changed(TENANT);
    return identityOf(person);
  }

  give(who: Identity, name: string, input: Input, commandId = this.nextId()): Promise<CommandOutcome> {
    return this.application.record(who, commandId, [{ name, input }]);
  }

  async accepted(who: Identity, name: string, input: Input, commandId?: string) {
    const outcome = await this.give(who, name, input, commandId);
    if (outcome.kind === 'refused') throw new Error(`${name}: ${outcome.refusal.code}`);
    return outcome;
  }

  /** Ids in a fixed order: what two worlds are given alike, they are given under the same ids. */
  private nextId(): string {
    return `00000000-0000-4000-8000-${String(++this.commands).padStart(12, '0')}`;
  }
}

const protocol = {
  arms: [
    { id: 'peer', intervention: true },
    { id: 'usual', intervention: false },
  ],
  interventionWindow: { monthsAfterDischarge: 4 },
  fidelity: { instrument: 'index', minimum: 3, maximum: 12 },
};

/** Registers a trial with these sites, each with the workers `<site>-W` and `<site>-V`. */
export async function registerTrial(world: SpecWorld, manager: Identity, trial: string, sites: readonly string[]) {
  await world.accepted(manager, 'registerTrial', { trial, title: trial, timeZone: 'Europe/London', protocol });
  for (const site of sites) {
    await world.accepted(manager, 'registerSite', {
      trial,
      site,
      name: site,
      employerKind: 'NHS',
      employerName: 'Trust',
      hostOrganisation: 'Trust',
      locality: [],
    });
    for (const worker of [`${site}-W`, `${site}-V`]) {
      await world.accepted(manager, 'registerWorker', { trial, worker, site, role: 'peer_worker' });
    }
  }
}

/** Refers, randomises and, in the arm with the intervention, allocates. @returns the id of the referral's event */
export async function takeIn(
  world: SpecWorld,
  manager: Identity,
  { participant, site, worker }: { readonly participant: string; readonly site: string; readonly worker?: string },
): Promise<string> {
  const about = { trial: 't', participant, occurredAt: '2019-01-02T09:00:00Z' };
  const { events } = await world.accepted(manager, 'referParticipant', { ...about, site });
  await world.accepted(manager, 'recordRandomisation', { ...about, arm: worker ? 'peer' : 'usual' });
  if (worker) await world.accepted(manager, 'allocateWorker', { ...about, worker });
  return events[0]!.id;
}

/** Raises a signal about a participant of trial `t`, as the watch would. @returns its id */
export async function raise(
  world: SpecWorld,
  { participant, site }: { readonly participant: string; readonly site: string },
): Promise<string> {
  const about = { trial: 't', site, rule: 'meeting_gap', subject: { kind: 'participant' as const, id: participant } };
  const signal = signalId(about.trial, about.rule, about.subject, 'cause');
  const event: SignalEvent = {
    type: 'SignalRaised',
    occurredAt: 0,
    data: {
      ...{ ...about, signal, participant, severity: 'notice', audience: 'delivery' },
      ...{ ruleVersion: 'default/1', cause: 'cause', numbers: {}, events: [] },
    },
  };
  await world.store.append(TENANT, {
    stream: signalStream(about.trial, signal),
    expected: 'any',
    commandId: randomUUID(),
    events: [signals.encode(event)],
    actor: 'watch',
  });
  return signal;
}
