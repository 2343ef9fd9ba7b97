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
import { registryEventTypes } from './events.js';
import type { Protocol } from './protocol.js';

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

/** What must hold after every command of any sequence. */
function checkSequence<Command extends RegistryCommand, E extends DomainEvent, State>(
  decider: Decider<Command, E, State, typeof world>,
  sequence: readonly Command[],
): void {
  const log: { readonly id: string; readonly event: E }[] = [];
  let state = decider.initial;
  for (const [index, command] of sequence.entries()) {
    expect(RegistryCommand.parse(command)).toEqual(command);
    const decision = decider.decide(command, state, world);
    if (decision.kind === 'refused') continue;
    for (const event of decision.events) {
      const id = eventId(uuidV5(`command ${index}`), 0);
      log.push({ id, event });
      state = decider.evolve(state, { ...event, id } as unknown as Identified<E>);
    }
    expect(decider.decide(command, state, world)).toEqual({ kind: 'accepted', events: [] });
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

describe('any sequence of commands can be replayed from what was stored, and repeats nothing', () => {
  it('of a tenant', () => {
    fc.assert(fc.property(fc.array(tenantCommand), (sequence) => checkSequence(tenantDecider, sequence)));
  });
  it('of a trial', () => {
    fc.assert(
      fc.property(fc.array(trialCommand, { maxLength: 40 }), (sequence) => checkSequence(trialDecider, sequence)),
    );
  });
});
