import {
  type Decider,
  type DomainEvent,
  EventCatalogue,
  eventId,
  type Identified,
  uuidV5,
} from '@cairn/event-sourcing';
import fc from 'fast-check';
import { RegistryCommand, type TenantCommand, type TrialCommand } from './commands.js';
import { tenantDecider } from './decide-tenant.js';
import { trialDecider } from './decide-trial.js';
import { type AmendEntry } from './decide-amendment.js';
import { entryIn } from './entries.js';
import { registryEventTypes, type TrialEvent } from './events.js';
import type { Protocol } from './protocol.js';
import type { RegistryWorld } from './rules.js';

const catalogue = new EventCatalogue(registryEventTypes);
const world = { now: 1_000 };

const optional = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined });
const occurredAt = optional(fc.integer({ min: 999, max: 1_001 }));
const name = fc.constantFrom('one', 'two ünïcödé 🙂');

const tenant = fc.constant('tenant');
const limit = optional(fc.integer({ min: 1, max: 2 }));
const tenantCommand: fc.Arbitrary<TenantCommand> = fc.oneof(
  fc.record({ type: fc.constant('registerTenant' as const), occurredAt, tenant, name }),
  fc.record({ type: fc.constant('setTenantLimits' as const), tenant, commandsPerMinute: limit, subscriptions: limit }),
);

const protocol: fc.Arbitrary<Protocol> = fc.record({
  arms: fc.array(fc.record({ id: fc.constantFrom('a', 'b'), intervention: fc.boolean() }), {
    minLength: 1,
    maxLength: 2,
  }),
  strata: fc.subarray(['x', 'y']),
  interventionWindow: fc.constantFrom({ monthsAfterDischarge: 4 }, { weeksAfterDischarge: 12 }),
  engagementDefinitions: fc.constant([]),
});
const trial = fc.constant('trial');
const trialCommand: fc.Arbitrary<TrialCommand> = fc.oneof(
  fc.record({
    type: fc.constant('registerTrial' as const),
    occurredAt,
    trial,
    title: name,
    registration: optional(name),
    timeZone: fc.constantFrom('Europe/London', 'UTC'),
    recruitmentFrom: optional(fc.constant('2017-01-02')),
    recruitmentTo: optional(fc.constantFrom('2017-01-01', '2017-01-03')),
    protocol,
  }),
  fc.record({
    type: fc.constant('publishProtocol' as const),
    occurredAt,
    trial,
    version: fc.integer({ min: 2, max: 4 }),
    protocol,
  }),
  fc.record({
    type: fc.constant('registerSite' as const),
    occurredAt,
    trial,
    site: fc.constantFrom('S1', 'S2', 'constructor'),
    name,
    employerKind: fc.constantFrom('NHS' as const, 'VOL' as const),
    employerName: name,
    hostOrganisation: name,
    localities: fc.subarray(['urban' as const, 'rural' as const]),
  }),
  fc.record({
    type: fc.constant('registerWorker' as const),
    occurredAt,
    trial,
    worker: fc.constantFrom('W1', 'W2', '__proto__'),
    site: fc.constantFrom('S1', 'S2', 'S9'),
    role: fc.constantFrom('peer_worker' as const, 'coordinator' as const),
    startedAt: optional(fc.constant('2017-01-02T00:00:00Z')),
    endedAt: optional(fc.constantFrom('2017-01-01T00:00:00Z', '2017-01-03T00:00:00+02:00')),
  }),
);

/** Of the event that `event` counts, see `nameOf`. */
const amendment: fc.Arbitrary<AmendEntry> = fc.record({
  type: fc.constant('amendRecord' as const),
  trial: fc.constant('T'),
  event: fc.nat(20).map(String),
  reason: fc.constant('typed wrongly'),
  changes: fc.dictionary(
    fc.constantFrom('name', 'role', 'localities', 'endedAt', 'startedAt', 'openedOn', 'site'),
    fc.constantFrom<unknown>('Name', 'coordinator', ['rural'], '2017-01-04T00:00:00Z', '2017-02-01', null),
    { maxKeys: 2 },
  ),
});

/** What must hold after every command of any sequence. */
function checkSequence<Command extends RegistryCommand | AmendEntry, E extends DomainEvent, State>(
  decider: Decider<Command, E, State, RegistryWorld>,
  sequence: readonly Command[],
): void {
  const log: { readonly id: string; readonly event: E }[] = [];
  let state = decider.initial;
  for (const [index, command] of sequence.entries()) {
    if (command.type !== 'amendRecord') expect(RegistryCommand.parse(command)).toEqual(command);
    const given = command.type === 'amendRecord' ? { ...command, event: nameOf(log, command.event) } : command;
    const entries = new Map(
      log.flatMap(({ id, event }) => {
        const entry = entryIn(event as unknown as TrialEvent);
        return entry ? [[id, entry] as const] : [];
      }),
    );
    const decision = decider.decide(given, state, { ...world, entries });
    if (decision.kind === 'refused') continue;
    for (const event of decision.events) {
      const id = eventId(uuidV5(`command ${index}`), 0);
      log.push({ id, event });
      state = decider.evolve(state, { ...event, id } as unknown as Identified<E>);
    }
    expect(decider.decide(given, state, { ...world, entries })).toEqual({ kind: 'accepted', events: [] });
  }
  const stored = log.map(({ id, event }) => {
    const envelope = { tenant: 't', stream: 's', revision: 0, position: 1n, recordedAt: 0, actor: 'a', metadata: {} };
    const encoded = catalogue.encode(event);
    const {
      type,
      occurredAt: when,
      data,
    } = catalogue.decode({
      ...encoded,
      ...envelope,
      id,
      commandId: id,
      correlationId: id,
      causationId: id,
    });
    return { type, occurredAt: when, data, id };
  });
  expect(stored).toEqual(log.map(({ id, event }) => ({ ...event, id })));
  const replayed = stored.reduce(
    (folded, fact) => decider.evolve(folded, fact as unknown as Identified<E>),
    decider.initial,
  );
  expect(replayed).toEqual(state);
}

/** The n-th event so far, counted round. */
const nameOf = (log: readonly { readonly id: string }[], n: string): string =>
  log[Number(n) % Math.max(log.length, 1)]?.id ?? 'none';

describe('any sequence of commands can be replayed from what was stored, and repeats nothing', () => {
  it('of a tenant', () => {
    fc.assert(fc.property(fc.array(tenantCommand), (sequence) => checkSequence(tenantDecider, sequence)));
  });
  it('of a trial', () => {
    const step = fc.oneof({ weight: 4, arbitrary: trialCommand }, { weight: 1, arbitrary: amendment });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (sequence) => checkSequence(trialDecider, sequence)));
  });
});
