import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresEventStore } from '@cairn/platform';
import type { Alert } from '@cairn/signals';
import { eventually } from '../support/launched-cairn.js';
import { query } from '../support/projection-kit.js';
import { ReceivedAlerts } from '../support/received-alerts.js';
import { recordSubscription } from '../support/recorded-alerts.js';
import { offerSupport, setUpTrial, type SignedIn } from '../support/running-api.js';
import { discharged, recordable, registered } from '../support/watched-log.js';
import { WebhookRecipient } from '../support/webhook-recipient.js';
import { cairnOn, lose, TENANT, WholeMachine } from '../support/whole-machine.js';

/** Words that are nowhere else, and that a restored machine must not know any more. */
const NOTE = 'Zwiebelfisch asked for the quokka album';
const DAY = 86_400_000;
/** So long ago that follow-up is overdue. */
const DISCHARGE = Math.floor(Date.now() / DAY) * DAY - 4 * DAY;

/** Rows by which two databases are compared, bit for bit. */
const EVENTS = `select * from cairn.event where position <= $1 order by tenant, position`;
const CHECKPOINTS = `select * from cairn.checkpoint where position <= $1 order by tenant, scope, size`;
const TILES = `select scope, level, index, encode(hashes, 'hex') as hashes from cairn.tile order by scope, level, index`;

let elsewhere: string;
let backup: string;
let erasures: string;
let recipient: WebhookRecipient;
const machines: WholeMachine[] = [];
const received = new ReceivedAlerts();

beforeAll(async () => {
  elsewhere = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-elsewhere-'));
  [backup, erasures] = [path.join(elsewhere, 'backup'), path.join(elsewhere, 'erasures')];
  recipient = await WebhookRecipient.start();
  recipient.answer = ({ body }) => {
    received.take(JSON.parse(body) as Alert);
    return { status: 204 };
  };
});
afterAll(async () => {
  for (const machine of machines) {
    await machine.stop();
    await lose(machine.places);
  }
  await recipient.stop();
  await fs.rm(elsewhere, { recursive: true, force: true });
});

/** Somebody who was not followed up in time: facts, and a signal when the watch has seen them. */
async function recordPerson(store: PostgresEventStore, name: string): Promise<void> {
  for (const each of recordable(discharged('A', name, DISCHARGE))) await store.append(TENANT, each);
}

/** People of the trial, one after another, until it is told to end. @returns what ends it, with how many there were */
function load(store: PostgresEventStore, prefix: string): () => Promise<number> {
  let running = true;
  let count = 0;
  const work = (async () => {
    for (; running; count++) await recordPerson(store, `${prefix}${count}`);
  })();
  return async () => {
    running = false;
    await work;
    return count;
  };
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const tableAt = async (asking: SignedIn, moment: string): Promise<unknown> => {
  const { data, errors } = await asking.graphql(
    `query ($moment: DateTime!) { trial(id: "A") { engagement(asOf: $moment, knownAt: $moment) {
       sites { site { id } counts { randomised offered withData engaged } } overall { randomised offered } } } }`,
    { moment },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};

async function bytesIn(folder: string, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await fs.readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    // PostgreSQL is at work, and removes files of its own.
    if ((await fs.readFile(file).catch(() => Buffer.of())).includes(text)) found.push(file);
  }
  return found;
}

it('restores a lost machine: the same trees and tables, erased text gone, nothing sent twice, and goes on', async () => {
  const lost = await WholeMachine.places();
  const first = await WholeMachine.start(lost, { erasuresDir: erasures });
  machines.push(first);
  const store = first.store();
  const manager = await first.as('max', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  const second = await first.as('ada', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  await setUpTrial(manager, 'T');
  await offerSupport(manager, 'T', 'S1', 'P1');
  const contact = { trial: 'T', participant: 'P1', worker: 'S1-W', mode: 'FACE_TO_FACE', outcome: 'ATTENDED' };
  await manager.give('recordWardContact', {
    ...contact,
    contact: 'c1',
    occurredAt: '2020-02-01T10:00:00Z',
    note: NOTE,
  });
  for (const each of recordable(registered('A', { followUpWithinDays: 1 }))) await store.append(TENANT, each);
  const hook = { trial: 'A', subscription: 'hook', name: 'hook', audience: 'delivery' as const, filter: {} };
  const sink = { kind: 'webhook' as const, url: recipient.url };
  await recordSubscription(store, TENANT, { type: 'AlertSubscriptionOpened', data: { ...hook, sink } });

  // The first backup, and copies of both kinds of keys, while services write.
  const endFirst = load(store, 'early');
  await pause(500);
  expect(await first.cairn('backup', '--out', backup)).toMatchObject({ exitCode: 0 });
  const keysCopy = path.join(elsewhere, 'keys');
  await fs.cp(lost.keysDir, keysCopy, { recursive: true });
  await fs.cp(lost.signingKeys, path.join(elsewhere, 'signing-keys.json'));
  const early = await endFirst();
  await eventually('early alerts are delivered', () => received.ofTrial('A').length >= early);
  const endSecond = load(store, 'late');
  await pause(300);
  expect(await first.cairn('backup', '--out', backup)).toMatchObject({ exitCode: 0 });
  const late = await endSecond();
  const { tenant, to, signed } = await lastLog();
  expect(tenant).toBe(TENANT);
  expect(Number(to)).toBeGreaterThan(Number(signed) - 1);
  await eventually('late alerts are delivered', () => received.ofTrial('A').length >= early + late);

  // What happens after it, and is lost but for the register, which is elsewhere.
  await manager.give('requestErasure', { trial: 'T', participant: 'P1', request: 'E1', reason: 'asked by letter' });
  await second.give('eraseParticipant', {
    trial: 'T',
    participant: 'P1',
    request: 'E1',
    reason: 'the letter is on file',
  });
  const moment = (
    await query<{ at: string }>(
      first.postgres.url,
      `select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at from cairn.event
       where tenant = $1 and position = $2`,
      [TENANT, to],
    )
  )[0]!.at;
  const table = await tableAt(manager, moment);
  const rows = {
    events: digest(await query(first.postgres.url, EVENTS, [to])),
    checkpoints: await query(first.postgres.url, CHECKPOINTS, [signed]),
  };
  await first.stop();
  await lose(lost);

  // Another machine, to which the copies are brought.
  const found = await WholeMachine.places();
  expect(await bytesIn(backup, NOTE)).toEqual([]);
  await fs.cp(keysCopy, found.keysDir, { recursive: true });
  await fs.cp(path.join(elsewhere, 'signing-keys.json'), found.signingKeys);
  const verified = await cairnOn(found, 'backup', 'verify', backup);
  expect(verified).toMatchObject({ exitCode: 0 });
  const restored = await cairnOn(found, 'restore', '--from', backup);
  expect(restored).toMatchObject({ exitCode: 0 });
  const head = /tree head (\S+)/.exec(restored.out)![1]!;
  expect(verified.out).toContain(head);
  const next = await WholeMachine.start(found, { erasuresDir: erasures });
  machines.push(next);
  const { url } = next.postgres;
  expect(digest(await query(url, EVENTS, [to]))).toBe(rows.events);
  expect(await query(url, CHECKPOINTS, [signed])).toEqual(rows.checkpoints);
  const again = await next.as('max');
  const nothingYet = (): undefined => undefined;
  await eventually(
    'the read models are there',
    async () => digest((await tableAt(again, moment).catch(nothingYet)) ?? 'nothing yet') === digest(table),
  );

  // The erasure is in neither copy; the register has it.
  const notes = `{ trial(id: "T") { history(first: 10, filter: { participant: "P1", types: ["WardContactRecorded"] }) {
    edges { node { data } } } } }`;
  const shown = await again.graphql(notes);
  expect(JSON.stringify(shown)).not.toContain(NOTE);
  expect(shown.extensions?.sealed?.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['ERASED']));
  await eventually('the key is overwritten', async () => (await bytesIn(found.keysDir, '####')).length > 0);
  expect(await bytesIn(path.dirname(found.dataDir), NOTE)).toEqual([]);

  // It goes on: recorded, shown, signed, sent. Of what was sent, everything has one id, whenever it was sent again.
  const goingOn = next.store();
  await recordPerson(goingOn, 'afterwards');
  const told = new Set(received.first.map(({ id }) => id));
  await eventually('what is new is sent', () => received.first.some(({ id }) => !told.has(id)));
  await eventually('all is signed', async () => {
    const [at] = await query<{ done: boolean }>(
      url,
      `select n.position >= $2 as done from cairn.notary n where n.tenant = $1 and n.halted_reason is null`,
      [TENANT, String(await goingOn.head(TENANT))],
    );
    return at?.done === true;
  });
  const effects = received.first.map(({ type, data }) => `${type} ${data.signal}`);
  expect(new Set(effects).size).toBe(effects.length);
  expect(await next.cairn('backup', '--out', backup)).toMatchObject({ exitCode: 0 });
  expect(await next.cairn('backup', 'verify', backup)).toMatchObject({ exitCode: 0 });
  const tiles = await query(url, TILES);
  expect(tiles.length).toBeGreaterThan(0);
  await next.stop();
  await lose(found);

  async function lastLog(): Promise<{ readonly tenant: string; readonly to: string; readonly signed: string }> {
    const stones = (await fs.readdir(backup)).filter((name) => /^\d+$/.test(name)).sort();
    const text = await fs.readFile(path.join(backup, stones.at(-1)!, 'stone.json'), 'utf8');
    return (JSON.parse(text) as { stone: { logs: [{ tenant: string; to: string; signed: string }] } }).stone.logs[0];
  }
}, 300_000);
