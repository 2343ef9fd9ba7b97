import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { startApi } from '../../apps/api/src/api.js';
import { readConfiguration } from '../../apps/api/src/configuration.js';
import { freePort } from '../support/launched-cairn.js';
import {
  type Answer,
  MASKING_SECRET,
  offerSupport,
  recording,
  runApi,
  type RunningApi,
  setUpTrial,
  type SignedIn,
} from '../support/running-api.js';

/** Words that are nowhere else, and some that are written otherwise in JSON, UTF-16 and base64. */
const NOTE = 'Zwiebelfisch: she said “köszönöm” and\nasked for the quokka album';
const ACTIVITY = 'ukulele with Xanthippe';
const VOIDED = 'typed for Ptolemaios instead';
const EMERGENCY = 'Quetzalcoatl fever on the ward';
const QUESTION = 'Did Wolpertinger really come?';
const LEFT = 'moved to Yggdrasil';
const TEXTS = [NOTE, ACTIVITY, VOIDED, EMERGENCY, QUESTION, LEFT];
const WHY = 'the letter of 3 May is on file';

let running: RunningApi;
let coordinator: SignedIn;
let manager: SignedIn;
let second: SignedIn;
let administrator: SignedIn;
let logged = '';

const about = { trial: 'T', participant: 'P1' };
const contact = {
  ...about,
  worker: 'S1-W',
  mode: 'FACE_TO_FACE',
  outcome: 'ATTENDED',
  occurredAt: '2020-02-01T10:00:00Z',
};

beforeAll(async () => {
  running = await runApi({ LOG_LEVEL: 'trace' }, { logTo: { write: (line) => void (logged += line) } });
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await offerSupport(running, 'T', 'S1', 'P1');
  await offerSupport(running, 'T', 'S1', 'P2');
  coordinator = await running.as('cora', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] });
  manager = await running.as('max', { roles: [{ role: 'trial_manager', trial: 'T' }] });
  second = await running.as('mia', { roles: [{ role: 'trial_manager', trial: 'T' }] });
  administrator = await running.as('ada', { roles: [{ role: 'sponsor_administrator' }] });
});
afterAll(() => running.close());

const give = async (by: SignedIn, mutation: string, input: object): Promise<Answer> =>
  by.graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
const codeOf = ({ data }: Answer, mutation: string): unknown =>
  (data?.[mutation] as { code?: string }).code ?? 'accepted';

const HISTORY = `{ trial(id: "T") { history(first: 100, filter: { participant: "P1" }) {
  edges { node { id type reason data } } } } }`;
const WORDS = `{ trial(id: "T") {
  history(first: 100) { edges { node { type reason data } } }
  queries(first: 10) { edges { node { entries { text } } } }
  unblindings { participant reason }
  erasures { participant state reason decision requester { id } decidedBy { id } } } }`;

interface Shown {
  readonly type: string;
  readonly id: string;
  readonly reason: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}
const eventsIn = ({ data }: Answer): readonly Shown[] =>
  (data as { trial: { history: { edges: { node: Shown }[] } } }).trial.history.edges.map(({ node }) => node);

describe('free text about a participant', () => {
  it('is refused when it tells who somebody is, and nobody repeats it', async () => {
    const secret = 'NHS 943 476 5919';
    const answer = await give(coordinator, 'recordWardContact', { ...contact, contact: 'c0', note: secret });
    expect(answer.data?.['recordWardContact']).toMatchObject({ code: 'IDENTIFIER_IN_TEXT', field: 'note' });
    expect(JSON.stringify(answer) + logged).not.toContain('943 476');
    const smuggled = { ...contact, contact: 'c0', note: 'sealed:v1:AAAA' };
    expect(codeOf(await give(coordinator, 'recordWardContact', smuggled), 'recordWardContact')).toBe('INVALID_INPUT');
  });

  it('is read by who may see it, and stored sealed', async () => {
    const texts = { note: NOTE, activities: [ACTIVITY, 'walk'] };
    await coordinator.give('recordWardContact', { ...contact, contact: 'c1', ...texts });
    await coordinator.give('recordWardContact', { ...contact, contact: 'c2', note: 'walk' });
    await coordinator.give('withdrawParticipant', {
      ...about,
      scope: 'INTERVENTION',
      reason: LEFT,
      occurredAt: '2020-03-01T10:00:00Z',
    });
    const wrong = eventsIn(await coordinator.graphql(HISTORY)).find(({ data }) => data['contact'] === 'c2')!;
    await coordinator.give('voidRecord', { trial: 'T', event: wrong.id, reason: VOIDED });
    await coordinator.give('requestUnblinding', { ...about, request: 'U1', reason: EMERGENCY });
    await manager.give('raiseQuery', { trial: 'T', query: 'Q1', participant: 'P1', text: QUESTION });
    await coordinator.give('recordWardContact', { ...contact, participant: 'P2', contact: 'd1', note: 'P2 stays' });

    const shown = eventsIn(await coordinator.graphql(HISTORY));
    expect(shown.find(({ data }) => data['contact'] === 'c1')!.data).toMatchObject(texts);
    expect(shown.find(({ type }) => type === 'ParticipantRecordVoided')).toMatchObject({
      reason: VOIDED,
      data: { reason: VOIDED },
    });
    const all = JSON.stringify((await manager.graphql(WORDS)).data);
    for (const text of TEXTS) expect(all).toContain(JSON.stringify(text).slice(1, -1));
    expect(await foundInDatabase(running.databaseUrl)).toEqual([]);
  });

  it('says the same when it is given again', async () => {
    const commandId = randomUUID();
    const again = { ...contact, contact: 'c1', commandId, note: NOTE, activities: ['walk', ACTIVITY] };
    const answer = await give(coordinator, 'recordWardContact', again);
    expect(answer.data?.['recordWardContact']).toMatchObject({ events: [] });
    const other = { ...again, commandId: randomUUID(), note: 'other' };
    expect(codeOf(await give(coordinator, 'recordWardContact', other), 'recordWardContact')).toBe('CONTACT_ID_REUSED');
  });
});

describe('an erasure', () => {
  let before: string;
  let leaves: unknown;
  const STORED = 'select position, payload, metadata from cairn.event order by tenant, position';

  it('is asked for where the participant is known, and by no one alone', async () => {
    before = await copyOf(running.databaseUrl);
    leaves = await rowsOf(running.databaseUrl, STORED);
    const request = { ...about, request: 'E1', reason: 'asked by letter' };
    const stranger = await running.as('cleo', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S2' }] });
    expect(codeOf(await give(stranger, 'requestErasure', request), 'requestErasure')).toBe('PARTICIPANT_UNKNOWN');
    await manager.give('requestErasure', request);
    const decide = { ...about, request: 'E1', reason: WHY };
    expect(codeOf(await give(manager, 'eraseParticipant', decide), 'eraseParticipant')).toBe('ERASURE_BY_ONE_PERSON');
    expect((await give(coordinator, 'eraseParticipant', decide)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('takes the text from everybody, and says why', async () => {
    await administrator.give('eraseParticipant', { ...about, request: 'E1', reason: WHY });
    for (const somebody of [coordinator, manager, second]) {
      const answer = await somebody.graphql(HISTORY);
      const shown = eventsIn(answer);
      expect(shown.find(({ data }) => data['contact'] === 'c1')!.data).toMatchObject({ note: null, activities: null });
      expect(shown.find(({ type }) => type === 'ParticipantRecordVoided')).toMatchObject({ reason: null });
      expect(new Set(answer.extensions!.sealed!.map(({ reason }) => reason))).toEqual(new Set(['ERASED']));
    }
    const answer = await manager.graphql(WORDS);
    const words = JSON.stringify(answer);
    for (const text of TEXTS) expect(words).not.toContain(JSON.stringify(text).slice(1, -1));
    expect(words).toContain('P2 stays');
    const { trial } = answer.data as { trial: Readonly<Record<string, unknown>> };
    expect(trial).toMatchObject({
      queries: { edges: [{ node: { entries: [{ text: null }] } }] },
      unblindings: [{ participant: 'P1', reason: null }],
      erasures: [
        {
          participant: 'P1',
          state: 'ERASED',
          reason: 'asked by letter',
          decision: WHY,
          requester: { id: 'max' },
          decidedBy: { id: 'ada' },
        },
      ],
    });
  });

  it('leaves what is stored as it is', async () => {
    const now = (await rowsOf(running.databaseUrl, STORED)) as unknown[];
    expect(now.slice(0, (leaves as unknown[]).length)).toEqual(leaves);
  });

  it('takes no more text about the participant, but facts and corrections with their reasons', async () => {
    const noted = { ...contact, contact: 'c3', note: 'more' };
    const refused = await give(coordinator, 'recordWardContact', noted);
    expect(refused.data?.['recordWardContact']).toMatchObject({ code: 'PARTICIPANT_ERASED', field: 'note' });
    await coordinator.give('recordWardContact', { ...contact, contact: 'c3' });
    const late = eventsIn(await coordinator.graphql(HISTORY)).find(({ data }) => data['contact'] === 'c3')!;
    await coordinator.give('voidRecord', { trial: 'T', event: late.id, reason: 'twice' });
    const [voided] = eventsIn(await coordinator.graphql(HISTORY));
    expect(voided).toMatchObject({ type: 'ParticipantRecordVoided', reason: 'twice' });
  });

  it('tells nobody of another site that it was', async () => {
    const stranger = await running.as('cleo', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S2' }] });
    const noted = { ...contact, contact: 'c4', note: 'more' };
    expect(codeOf(await give(stranger, 'recordWardContact', noted), 'recordWardContact')).toBe('PARTICIPANT_UNKNOWN');
    const request = { ...about, request: 'E2', reason: 'why' };
    expect(codeOf(await give(stranger, 'requestErasure', request), 'requestErasure')).toBe('PARTICIPANT_UNKNOWN');
  });

  it('leaves no byte of the text: not in the database, its files, an export, the service’s log or the keys', async () => {
    expect(await foundInDatabase(running.databaseUrl)).toEqual([]);
    // What is not sealed is found, so it is looked for in the right place.
    expect(new Set(await foundInFiles(running.databaseUrl, [...TEXTS, WHY]))).toEqual(new Set([WHY]));
    for (const text of TEXTS)
      expect(formsOf(text).filter((form) => logged.includes(form.toString('latin1')))).toEqual([]);
    const exported = await (await manager.fetch('/export/T/events')).text();
    expect(exported).toContain('sealed:v1:');
    expect(exported).toContain(WHY);
    for (const text of TEXTS) expect(exported).not.toContain(JSON.stringify(text).slice(1, -1));
    for (const name of await readdir(running.keysDir)) {
      const bytes = await readFile(path.join(running.keysDir, name));
      expect(TEXTS.flatMap(formsOf).filter((form) => bytes.includes(form))).toEqual([]);
    }
  });

  it('holds in a copy of the database from before it, with the keys of now', async () => {
    expect(await foundInDatabase(before)).toEqual([]);
    const port = await freePort();
    const api = await startApi(
      readConfiguration({
        DATABASE_URL: before,
        PORT: String(port),
        LOG_LEVEL: 'silent',
        ISSUER_FILE: running.issuer.file,
        CAIRN_MASKING_SECRET: MASKING_SECRET,
        CAIRN_KEYS_DIR: running.keysDir,
      }),
    );
    try {
      const response = await fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${manager.token}` },
        body: JSON.stringify({ query: HISTORY }),
      });
      const answer = { status: response.status, ...((await response.json()) as object) } as Answer;
      const restored = eventsIn(answer).find(({ data }) => data['contact'] === 'c1')!;
      expect(restored.data).toMatchObject({ note: null, activities: null });
      expect(answer.extensions!.sealed!.every(({ reason }) => reason === 'ERASED')).toBe(true);
    } finally {
      await api.close();
      await execute(running.databaseUrl, `drop database ${new URL(before).pathname.slice(1)} with (force)`);
    }
  });
});

/** A text as it may lie in a file, whoever wrote it. */
function formsOf(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text, 'utf8');
  // Of three bytes' shifts, what does not hang on its neighbours.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), utf8])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    utf8,
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
    Buffer.from(JSON.stringify(text).slice(1, -1)),
    ...base64.flatMap((form) => [Buffer.from(form), Buffer.from(form.replaceAll('+', '-').replaceAll('/', '_'))]),
    Buffer.from(utf8.toString('hex')),
  ];
}

async function rowsOf(url: string, sql: string, values: unknown[] = []): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, values, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}
const execute = (url: string, sql: string): Promise<unknown> => rowsOf(url, sql);

/** Texts that are in some row of some table. */
async function foundInDatabase(url: string): Promise<readonly string[]> {
  const tables = await rowsOf(
    url,
    `select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const [table] of tables as string[][]) {
    const rows = JSON.stringify(await rowsOf(url, `select t::text from ${table} t`));
    for (const text of TEXTS) if (rows.includes(JSON.stringify(text).slice(1, -1))) found.push(`${table}: ${text}`);
  }
  return found;
}

/** Texts that are in the files of the database or in the server's write-ahead log, in whichever form. */
async function foundInFiles(url: string, texts: readonly string[]): Promise<readonly string[]> {
  await execute(url, 'checkpoint');
  const [[directory, database]] = (await rowsOf(
    url,
    `select current_setting('data_directory'), oid::text from pg_database where datname = current_database()`,
  )) as [[string, string]];
  const found: string[] = [];
  for (const folder of [path.join(directory, 'base', database), path.join(directory, 'pg_wal')]) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await bytesIfThere(path.join(folder, entry.name));
      found.push(...texts.filter((text) => formsOf(text).some((form) => bytes.includes(form))));
    }
  }
  return found;
}

/** The server removes its caches and old segments at any moment: a file that is gone holds nothing. */
async function bytesIfThere(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** A copy of a database that is in use, as it is now. @returns its address */
async function copyOf(url: string): Promise<string> {
  const name = new URL(url).pathname.slice(1);
  const server = new URL(url);
  server.pathname = '/postgres';
  const copy = `${name}_copy`;
  await execute(server.href, `alter database ${name} allow_connections false`);
  try {
    await execute(server.href, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    await execute(server.href, `create database ${copy} template ${name}`);
  } finally {
    await execute(server.href, `alter database ${name} allow_connections true`);
  }
  await execute(server.href, `alter database ${copy} allow_connections true`);
  server.pathname = `/${copy}`;
  return server.href;
}
