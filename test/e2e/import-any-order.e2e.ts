import { randomUUID } from 'node:crypto';
import { eventId, InMemoryEventStore, type RecordedEvent } from '@cairn/event-sourcing';
import {
  type ParticipantFacts,
  participantsProjection,
  tableDefinition,
  textDefinition,
  TrialEngagement,
} from '@cairn/monitoring';
import { Protocol } from '@cairn/registry';
import fc from 'fast-check';
import { Application, catalogue } from '../../apps/api/src/application/application.js';
import { OverlayEventStore } from '../../apps/api/src/import/overlay-event-store.js';
import { appendPerson } from '../support/people.js';

/*
 * Once participants and their workers are known, the order in which records of what happened arrive does not matter: sites
 * enter them late, and a correction can be the first thing that a store hears of after a restore.
 */

const TENANT = 'enrich';
const NOW = Date.parse('2020-01-01T00:00:00Z');
const manager = {
  tenant: TENANT,
  person: 'manager',
  name: 'Manager',
  client: undefined,
  session: 's',
  scopes: new Set<never>(),
  expiresAt: Infinity,
};
const protocol = Protocol.parse({
  arms: [
    { id: 'peer', intervention: true },
    { id: 'usual', intervention: false },
  ],
  interventionWindow: { monthsAfterDischarge: 4 },
});

interface Given {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const PEOPLE = ['P1', 'P2'];

async function prepared() {
  const store = new InMemoryEventStore(() => NOW);
  await appendPerson(store, TENANT, manager.person, [{ role: 'trial_manager' }]);
  const application = new Application(store, () => NOW);
  const give = givingTo(application);
  await give({ name: 'registerTrial', input: { trial: 't', title: 'T', timeZone: 'Europe/London', protocol } });
  await give({
    name: 'registerSite',
    input: {
      trial: 't',
      site: 'S',
      name: 'S',
      employerKind: 'NHS',
      employerName: 'T',
      hostOrganisation: 'T',
      locality: [],
    },
  });
  await give({ name: 'registerWorker', input: { trial: 't', worker: 'W', site: 'S', role: 'peer_worker' } });
  for (const participant of PEOPLE) {
    const who = { trial: 't', participant };
    await give({ name: 'referParticipant', input: { ...who, site: 'S', occurredAt: '2018-01-01T09:00:00Z' } });
    await give({ name: 'recordRandomisation', input: { ...who, arm: 'peer', occurredAt: '2018-01-02T09:00:00Z' } });
    await give({ name: 'allocateWorker', input: { ...who, worker: 'W', occurredAt: '2018-01-02T09:00:00Z' } });
  }
  return store;
}

const givingTo =
  (application: Application) =>
  async (given: Given, commandId: string = randomUUID()) => {
    const outcome = await application.record(manager, commandId, [given]);
    if (outcome.kind === 'refused') throw new Error(`${given.name}: ${outcome.refusal.code}`);
    return outcome;
  };

const day = (n: number) => new Date(Date.UTC(2018, 0, 3 + n, 12)).toISOString();
/** One record of a participant; whether it is voided in the end. */
const happening = fc.record({
  participant: fc.constantFrom(...PEOPLE),
  kind: fc.constantFrom(
    'recordWardContact',
    'recordCommunityMeeting',
    'recordCommunityMeeting',
    'recordDischarge',
    'recordReadmission',
  ),
  day: fc.nat(200),
  mode: fc.constantFrom('face_to_face', 'face_to_face', 'telephone'),
  outcome: fc.constantFrom('attended', 'attended', 'participant_absent'),
  voided: fc.constantFrom(false, false, true),
});
const happenings = fc.uniqueArray(happening, {
  minLength: 8,
  maxLength: 16,
  selector: (h) => `${h.participant} ${h.kind} ${h.day}`,
});
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

function asCommand({ participant, kind, day: n, mode, outcome }: Happening): Given {
  const what = { trial: 't', participant, occurredAt: day(n) };
  const contact = { worker: 'W', contact: `${kind}-${n}`, mode, outcome };
  return { name: kind, input: kind.endsWith('Contact') || kind.endsWith('Meeting') ? { ...what, ...contact } : what };
}

const TIMES = ['2018-02-10T00:00:00Z', '2018-05-20T00:00:00Z', '2019-12-31T00:00:00Z'];

/** The tables and who stands where in them, by both definitions and at several times. */
function tables(events: readonly RecordedEvent[]) {
  const documents = new Map<string, ParticipantFacts>();
  for (const event of events.map((recorded) => catalogue.decode(recorded))) {
    if (!participantsProjection.eventTypes.includes(event.type as never)) continue;
    const { id } = participantsProjection.keyOf(event as never)!;
    documents.set(id, participantsProjection.evolve(documents.get(id), event as never));
  }
  const engagement = new TrialEngagement({ timeZone: 'Europe/London', protocol });
  for (const [id, facts] of documents) engagement.set(id, facts);
  return [tableDefinition, textDefinition].flatMap((definition) =>
    TIMES.map(Date.parse).map((asOf) => ({
      table: engagement.table(definition, { asOf, knownAt: Infinity }, ['S']),
      participants: engagement.participants(definition, { asOf, knownAt: Infinity }),
    })),
  );
}

/** How often a definition was met: an order can only matter where something is at stake. */
let engagedSeen = 0;

async function recordAll(base: InMemoryEventStore, records: readonly Happening[], order: readonly number[]) {
  const overlay = await OverlayEventStore.over(base, TENANT, () => NOW);
  const give = givingTo(new Application(overlay, () => NOW));
  const ids = records.map((_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
  // Each record and each void is a step; a void comes somewhere after its record.
  const given = new Set<number>();
  for (const step of order) {
    const index = step % records.length;
    const record = records[index]!;
    if (!given.has(index)) {
      given.add(index);
      await give(asCommand(record), ids[index]);
    } else if (record.voided) {
      const input = { trial: 't', event: eventId(ids[index]!, 0), reason: 'entered in error' };
      await give({ name: 'voidRecord', input }, ids[index]!.replace('4000', '4001'));
    }
  }
  return tables(await overlay.readLog(TENANT, { limit: 1_000 }));
}

test('contacts, discharges, readmissions and their voids end in the same table in whatever order they come', async () => {
  const base = await prepared();
  const orders = happenings.chain((records) => {
    const steps = records.flatMap((_, index) => [index, index + records.length]);
    const shuffled = fc.shuffledSubarray(steps, { minLength: steps.length });
    return fc.record({ records: fc.constant(records), one: shuffled, other: shuffled });
  });
  await fc.assert(
    fc.asyncProperty(orders, async ({ records, one, other }) => {
      const ends = await recordAll(base, records, one);
      expect(ends).toEqual(await recordAll(base, records, other));
      engagedSeen += ends.filter((end) => end.table.overall.engaged > 0).length;
    }),
    { numRuns: 150 },
  );
  expect(engagedSeen).toBeGreaterThan(50);
}, 60_000);
