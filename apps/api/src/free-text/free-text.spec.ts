import { randomUUID } from 'node:crypto';
import { erasureEventTypes, erasureStream } from '@cairn/audit';
import { EventCatalogue, InMemoryEventStore } from '@cairn/event-sourcing';
import { InMemoryKeys, type KeyOwner, KeysUnavailable, ParticipantKeys, type StoredKey } from '@cairn/platform/keys';
import { healErasures, keepErasuresHealed } from '../erasure/heal-erasures.js';
import { TrialErasures } from '../erasure/trial-erasures.js';
import { Erasures } from './erasures.js';
import { FreeText, KeyWanted } from './free-text.js';
import { openData } from './open-data.js';

const owner: KeyOwner = { tenant: 'u', trial: 't', participant: 'P1' };
const contact = {
  type: 'recordWardContact',
  trial: 't',
  participant: 'P1',
  note: 'walk',
  activities: ['album', 'tea'],
};
const correction = { type: 'voidRecord', trial: 't', reason: 'typed twice' };
const catalogue = new EventCatalogue(erasureEventTypes);

class Keys extends InMemoryKeys {
  away = false;
  override async find(of: KeyOwner): Promise<StoredKey> {
    if (this.away) throw new KeysUnavailable('away');
    return super.find(of);
  }
}

let stored: Keys;
let store: InMemoryEventStore;
let now: number;
/** As another process has it. */
const process = () => {
  const keys = new ParticipantKeys(stored, stored, () => now);
  return { keys, freeText: new FreeText(keys, new Erasures(store, () => now)) };
};
let freeText: FreeText;
beforeEach(() => {
  now = 0;
  stored = new Keys();
  store = new InMemoryEventStore(() => now);
  freeText = process().freeText;
});

async function sealed<Command extends { readonly type: string }>(command: Command): Promise<Command> {
  const { commands, whenTaken } = await freeText.seal([command], owner, { make: true });
  expect(whenTaken()).toBeUndefined();
  return commands[0]!;
}

/** The erasure goes on record; the process that did it ends before it has destroyed the key. */
async function eraseOnRecord(): Promise<void> {
  const data = { trial: 't', participant: 'P1', request: 'E1', reason: 'asked to' };
  const requested = { type: 'ErasureRequested' as const, occurredAt: 0, data: { ...data, person: 'max' } };
  const erased = { type: 'ParticipantErased' as const, occurredAt: 0, data: { ...data, person: 'ada' } };
  await store.append('u', {
    stream: erasureStream('t', 'P1'),
    expected: 'none',
    commandId: randomUUID(),
    events: [requested, erased].map((event) => catalogue.encode(event)),
    actor: 'ada',
  });
}
const history = {
  read: async (tenant: string, { streams }: { streams: { prefixes?: readonly string[] } }) =>
    (await store.readLog(tenant, { limit: 1_000 })).filter(({ stream }) =>
      streams.prefixes?.some((prefix) => stream.startsWith(prefix)),
    ),
};

it('seals each text of a command, the same to the same, and opens it where it lies', async () => {
  const command = await sealed(contact);
  expect(JSON.stringify(command)).not.toMatch(/walk|album|tea/);
  expect(await sealed(contact)).toEqual(command);
  const { type: _, ...data } = command;
  const { type: _type, ...typed } = contact;
  expect(await openData(freeText, 'u', data)).toEqual({ data: typed, withheld: [] });
  // In an amendment it is as deep as the record.
  const amendment = { trial: 't', participant: 'P1', record: { type: 'x', data } };
  expect((await openData(freeText, 'u', amendment)).data).toMatchObject({ record: { data: typed } });
});

it('makes no key for what may be refused', async () => {
  const { commands, whenTaken } = await freeText.seal([contact], owner);
  expect(JSON.stringify(commands)).not.toMatch(/walk/);
  expect(whenTaken).toThrow(KeyWanted);
  expect(await stored.find(owner)).toEqual({ kind: 'none' });
});

it('asks for no key where there is no text', async () => {
  stored.away = true;
  const discharge = { type: 'recordDischarge', trial: 't', participant: 'P1' };
  expect((await freeText.seal([discharge], owner)).commands).toEqual([discharge]);
  await expect(freeText.seal([contact], owner)).rejects.toThrow(KeysUnavailable);
});

it('while the keys are away shows nothing, and says why', async () => {
  const { note } = await sealed(contact);
  now += 5_000;
  stored.away = true;
  expect(await freeText.open(owner, 'note', note)).toEqual({ kind: 'withheld', reason: 'KEY_UNAVAILABLE' });
  stored.away = false;
  expect(await freeText.open(owner, 'note', note)).toEqual({ kind: 'open', text: 'walk' });
});

it('shows no text that was changed, or is another member’s or another participant’s', async () => {
  const { note } = await sealed(contact);
  const changed = `${note.slice(0, -2)}${note.endsWith('A') ? 'BB' : 'AA'}`;
  const withheld = { kind: 'withheld', reason: 'KEY_UNAVAILABLE' };
  expect(await freeText.open(owner, 'note', changed)).toEqual(withheld);
  expect(await freeText.open(owner, 'reason', note)).toEqual(withheld);
  expect(await freeText.open({ ...owner, participant: 'P2' }, 'note', note)).toEqual(withheld);
});

it('shows a text from before there were keys as it was typed', async () => {
  expect(await freeText.open(owner, 'note', 'old note')).toEqual({ kind: 'open', text: 'old note' });
});

describe('of somebody who was erased', () => {
  it('nothing is opened, in any process, from the moment it is on record', async () => {
    const { note } = await sealed(contact);
    await eraseOnRecord();
    now += 1_000;
    const erased = { kind: 'withheld', reason: 'ERASED' };
    expect(await freeText.open(owner, 'note', note)).toEqual(erased);
    expect(await process().freeText.open(owner, 'note', note)).toEqual(erased);
    stored.away = true;
    expect(await freeText.open(owner, 'note', note)).toEqual(erased);
  });

  it('the key that an ended process left is destroyed, again and again', async () => {
    await sealed(contact);
    await eraseOnRecord();
    const { keys, freeText: other } = process();
    const erasures = new TrialErasures(history);
    stored.away = true;
    await expect(healErasures(keys, erasures, other)).rejects.toThrow(KeysUnavailable);
    stored.away = false;
    await healErasures(keys, erasures, other);
    await healErasures(keys, erasures, other);
    expect(await stored.find(owner)).toEqual({ kind: 'destroyed' });
  });

  it('a log from before it has no key, and makes none', async () => {
    const { note } = await sealed(contact);
    await freeText.erase(owner);
    store = new InMemoryEventStore(() => now);
    const restored = process().freeText;
    expect(await restored.open(owner, 'note', note)).toEqual({ kind: 'withheld', reason: 'ERASED' });
    expect((await restored.seal([contact], owner, { make: true })).whenTaken()).toMatchObject({
      code: 'PARTICIPANT_ERASED',
      field: 'note',
    });
  });

  it('no text is taken but a reason that must be given, as it is typed', async () => {
    await freeText.erase(owner);
    const { whenTaken } = await freeText.seal([contact], owner);
    expect(whenTaken()).toMatchObject({ code: 'PARTICIPANT_ERASED', field: 'note' });
    const needed = await freeText.seal([correction], owner);
    expect(needed.commands).toEqual([correction]);
    expect(needed.whenTaken()).toBeUndefined();
  });
});

it('healing goes on after what failed, until it is stopped', async () => {
  const stopping = new AbortController();
  const failures: unknown[] = [];
  let rounds = 0;
  const heal = async (): Promise<void> => {
    if (++rounds === 3) stopping.abort();
    throw new KeysUnavailable('away');
  };
  await keepErasuresHealed(heal, stopping.signal, (error) => failures.push(error), 1);
  expect([rounds, failures.length]).toEqual([3, 2]);
});
