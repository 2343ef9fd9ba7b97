import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { cutDecider, cutStream, cloudEventLine, Frontier, leafHash, notTaken } from '@cairn/audit';
import {
  checkpointOrigin,
  checkpointText,
  type Hash,
  noteOf,
  type NoteSigner,
  tableText,
  noteSigner,
  rotationNote,
  verifierKeyText,
} from '@cairn/audit';
import { type DeliveryEvent, deliveryEventTypes, participantStream } from '@cairn/delivery';
import {
  type DomainEvent,
  type Fact,
  type Identified,
  InMemoryEventStore,
  type RecordedEvent,
} from '@cairn/event-sourcing';
import { trialTables } from '@cairn/monitoring';
import { trialDecider, type TrialEvent, trialStream } from '@cairn/registry';
import fc from 'fast-check';
import { catalogue } from '../../apps/cli/src/event-types.js';
import type { ExportSource } from '../../apps/cli/src/export/write-bundle.js';

export const TENANT = 'unit';
export const TRIAL = 'trial/ü';
const DAY = 86_400_000;
const START = Date.UTC(2020, 0, 1);

/** Signs as the notary of somebody's Cairn. */
export const signerOf = (seed: number, name = 'cairn.test'): NoteSigner => noteSigner(name, Buffer.alloc(32, seed));

/** What there is of a trial by chance. */
export const someTrial = fc.record({
  participants: fc.array(
    fc.record({
      name: fc.constantFrom('P', 'S4-', 'Zoë ', '症例', '"\\'),
      arm: fc.constantFrom('support', 'usual'),
      contacts: fc.integer({ min: 0, max: 4 }),
      note: fc.option(
        fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '' && text.isWellFormed()),
      ),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  /** After how many participants a cut is taken. */
  cuts: fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 2 }),
  /** Sizes of the checkpoints. */
  batches: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
});
export type SomeTrial = typeof someTrial extends fc.Arbitrary<infer T> ? T : never;

/** The recorded events of such a trial, in the order of its log. */
export async function recordedTrial({ participants, cuts }: SomeTrial): Promise<readonly RecordedEvent[]> {
  let now = START;
  const store = new InMemoryEventStore(() => (now += 1_000));
  const append = async (stream: string, ...events: readonly DomainEvent[]): Promise<void> => {
    await store.append(TENANT, {
      stream,
      expected: 'any',
      commandId: randomUUID(),
      events: events.map((event) => catalogue.encode(event)),
      actor: 'manager@unit.example',
      metadata: { fingerprint: randomUUID() },
    });
  };
  const protocol = {
    arms: [
      { id: 'support', intervention: true },
      { id: 'usual', intervention: false },
    ],
    strata: [],
    interventionWindow: { monthsAfterDischarge: 4 },
    fidelity: { instrument: 'index', minimum: 3, maximum: 12 },
    engagementDefinitions: [],
  };
  const registration = { trial: TRIAL, title: 'Trial', timeZone: 'Europe/London', protocol };
  await append(trialStream(TRIAL), { type: 'TrialRegistered', occurredAt: START, data: registration });
  const site = {
    trial: TRIAL,
    site: 'S1',
    name: 'Site',
    employerKind: 'NHS',
    employerName: 'Trust',
    hostOrganisation: 'Trust',
    localities: ['urban'],
  };
  await append(
    trialStream(TRIAL),
    { type: 'SiteRegistered', occurredAt: START, data: site },
    {
      type: 'WorkerRegistered',
      occurredAt: START,
      data: { trial: TRIAL, worker: 'W', site: 'S1', role: 'peer_worker' },
    },
  );
  for (const [index, { name, arm, contacts, note }] of participants.entries()) {
    const who = { trial: TRIAL, participant: `${name}${index}` };
    const occurredAt = START + index * DAY;
    await append(
      participantStream(TRIAL, who.participant),
      { type: 'ParticipantReferred', occurredAt, data: { ...who, site: 'S1' } },
      { type: 'ParticipantRandomised', occurredAt, data: { ...who, arm } },
      { type: 'WorkerAllocated', occurredAt, data: { ...who, worker: 'W' } },
    );
    for (let contact = 0; contact < contacts; contact++) {
      const data = { ...who, worker: 'W', contact: `C${contact}`, mode: 'face_to_face', outcome: 'attended' };
      await append(participantStream(TRIAL, who.participant), {
        type: contact % 2 === 0 ? 'WardContactRecorded' : 'CommunityMeetingRecorded',
        occurredAt: occurredAt + contact * DAY,
        data: { ...data, ...(note !== null && { activities: [note] }) },
      });
    }
    await append(participantStream(TRIAL, who.participant), {
      type: 'ParticipantDischarged',
      occurredAt: occurredAt + 2 * DAY,
      data: who,
    });
    for (const [number, after] of cuts.entries()) {
      if (after - 1 === index)
        await append(cutStream(TRIAL, `look ${number}`), ...(await takeCut(store, `look ${number}`)));
    }
  }
  return store.readLog(TENANT, { limit: 10_000 });
}

async function takeCut(store: InMemoryEventStore, cut: string): Promise<readonly DomainEvent[]> {
  const log = await store.readLog(TENANT, { limit: 10_000 });
  const facts = log.map((event) => catalogue.decode(event));
  let register = trialDecider.initial;
  for (const fact of facts) {
    if (fact.stream === trialStream(TRIAL)) {
      register = trialDecider.evolve(register, fact as unknown as Identified<TrialEvent>);
    }
  }
  if (register.kind !== 'registered') throw new Error('there is no trial');
  const isOfDelivery = new Set<string>(deliveryEventTypes.map(({ type }) => type));
  const events = facts.filter(({ type }) => isOfDelivery.has(type)) as unknown as Fact<DeliveryEvent>[];
  const occurredBefore = START + 20 * DAY;
  const decision = cutDecider.decide(
    {
      type: 'takeDataCut',
      trial: TRIAL,
      cut,
      note: 'Interim look',
      occurredBefore: new Date(occurredBefore).toISOString(),
    },
    notTaken,
    {
      now: START + 30 * DAY,
      material: {
        position: BigInt(log.length),
        size: log.length,
        isEmpty: false,
        protocol: 1,
        code: 'test',
        tables: trialTables({ register, events, occurredBefore }).map((table) => ({
          table: table.table,
          audience: table.audience,
          text: tableText(table),
        })),
      },
    },
  );
  if (decision.kind === 'refused') throw new Error(decision.refusal.message);
  return decision.events;
}

/** The notes that a notary signs of these leaves. @param batches how many leaves each adds; the last goes on for ever */
export function signedNotes(
  leaves: readonly Hash[],
  batches: readonly number[],
  signer: NoteSigner,
  tenant = TENANT,
  scope = encodeURIComponent(TRIAL),
): readonly string[] {
  const frontier = new Frontier();
  const notes: string[] = [];
  for (let at = 0; at < leaves.length;) {
    const added = leaves.slice(at, at + (batches[notes.length] ?? batches.at(-1)!));
    for (const leaf of added) frontier.append(leaf);
    at += added.length;
    const origin = checkpointOrigin(signer.key.name, tenant, scope);
    const text = checkpointText({ origin, size: at, root: frontier.root(), added });
    notes.push(noteOf({ text, signatures: [signer.sign(text)] }));
  }
  return notes;
}

/** A server that hands out such a trial. */
export function sourceOf(
  events: readonly RecordedEvent[],
  batches: readonly number[],
  signer: NoteSigner,
): ExportSource {
  const lines = events.map((event) => cloudEventLine(event));
  const notes = signedNotes(lines.map(leafHash), batches, signer);
  return {
    keys: async () => ({ tenant: TENANT, keys: [verifierKeyText(signer.key)], rotations: [] }),
    checkpoints: async () => ({ notes: Readable.from([Buffer.from(notes.join('\n'))]), halted: false }),
    async *events(limit) {
      for (const line of lines.slice(0, limit)) yield Buffer.from(`${line}\n`);
    },
  };
}

/** A server whose log the one key signed first, and then the other. */
export function rotatedSource(events: readonly RecordedEvent[], old: NoteSigner, next: NoteSigner): ExportSource {
  const leaves = events.map((event) => leafHash(cloudEventLine(event)));
  const batch = Math.ceil(leaves.length / 4);
  const [byOld, byNext] = [old, next].map((signer) => signedNotes(leaves, [batch], signer));
  const notes = [...byOld!.slice(0, 2), ...byNext!.slice(2)];
  return {
    ...sourceOf(events, [batch], next),
    keys: async () => ({
      tenant: TENANT,
      keys: [old, next].map(({ key }) => verifierKeyText(key)),
      rotations: [rotationNote(old, next)],
    }),
    checkpoints: async () => ({ notes: Readable.from([Buffer.from(notes.join('\n'))]), halted: false }),
  };
}
