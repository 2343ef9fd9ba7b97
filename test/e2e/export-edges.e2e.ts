import fs from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudEventLine, leafHash, treeRoot } from '@cairn/audit';
import { prepareKeyRing } from '@cairn/platform/signing';
import fc from 'fast-check';
import { cairnAs } from '../support/cairn-command.js';
import type { GivenRole } from '../support/people.js';
import { offerSupport, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';
import { runNotary, type RunningNotary } from '../support/running-notary.js';
import { recordedTrial, someTrial, TRIAL } from '../support/signed-trial.js';

const folder = fs.mkdtempSync(join(tmpdir(), 'cairn-edges-'));
const keyRing = join(folder, 'signing-keys.json');
let running: RunningApi;
let notary: RunningNotary | undefined;

beforeAll(async () => {
  await prepareKeyRing(keyRing, new Date());
  running = await runApi({ CAIRN_SIGNING_KEYS: keyRing });
  await setUpTrial(running, 'T');
  await offerSupport(running, 'T', 'S1', 'P');
}, 60_000);
afterAll(async () => {
  await notary?.stop();
  await running.close();
  fs.rmSync(folder, { recursive: true });
});

const statusOf = async (who: SignedIn, path: string): Promise<number> => {
  const response = await who.fetch(path);
  await response.text();
  return response.status;
};
/** All that an answer says, but for when. */
const bytesOf = async (response: Response): Promise<unknown> => [
  response.status,
  [...response.headers].filter(([name]) => name !== 'date'),
  await response.text(),
];
const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;

test('what is not signed yet is waited for, and then not at hand', async () => {
  const response = await running.fetch('/export/T/checkpoints');
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(await codeOf(response)).toBe('SERVICE_UNAVAILABLE');
  const out = join(folder, 'unsigned');
  expect(await cairnAs(running)('export', 'T', '--out', out)).toMatchObject({ exitCode: 3 });
  expect(fs.existsSync(join(out, 'manifest.json'))).toBe(false);
  notary = await runNotary(running.databaseUrl, keyRing);
  expect(await statusOf(running, '/export/T/checkpoints')).toBe(200);
}, 30_000);

describe('an export is for whoever sees all of the trial, its arms among it', () => {
  const PATHS = ['events', 'checkpoints', 'keys'].map((what) => `/export/T/${what}`);

  test.each<[string, GivenRole, number]>([
    ['trial_manager', { role: 'trial_manager', trial: 'T' }, 200],
    ['auditor', { role: 'auditor' }, 200],
    ['unblinded_statistician', { role: 'unblinded_statistician', trial: 'T' }, 200],
    ['dmc_member', { role: 'dmc_member', trial: 'T', until: '2999-01-01T00:00:00Z' }, 403],
    ['site_coordinator', { role: 'site_coordinator', trial: 'T', site: 'S1' }, 403],
    ['blinded_outcome_assessor', { role: 'blinded_outcome_assessor', trial: 'T' }, 403],
    ['sponsor_administrator', { role: 'sponsor_administrator' }, 403],
    ['machine_subscriber', { role: 'machine_subscriber', trial: 'T' }, 403],
    ['trial_manager of another trial', { role: 'trial_manager', trial: 'other' }, 404],
  ])('%s', async (name, role, status) => {
    const who = await running.as(`somebody as ${name}`, { roles: [role] });
    for (const path of PATHS) expect({ path, status: await statusOf(who, path) }).toEqual({ path, status });
    // What is not there is answered like what is somebody else's.
    const absent = await who.fetch('/export/absent/events');
    expect(absent.status).toBe(404);
    if (status === 404) expect(await bytesOf(await who.fetch(PATHS[0]!))).toEqual(await bytesOf(absent));
  });

  test('somebody of another tenant, and a token that is not for reading', async () => {
    const roles = [{ role: 'trial_manager' as const }];
    expect(await statusOf(await running.as('eve', { tenant: 'elsewhere', roles }), PATHS[0]!)).toBe(404);
    expect(await statusOf(await running.as('tester', { scopes: ['cairn:record'] }), PATHS[0]!)).toBe(404);
    expect((await fetch(`${running.url}${PATHS[0]}`)).status).toBe(401);
  });

  test('a look at it is on record for whom looks are, and a refusal for everybody', async () => {
    const { data } = await running.graphql('{ conduct(first: 100) { edges { node { type actor { id } data } } } }');
    const { edges } = (
      data as { conduct: { edges: { node: { type: string; actor: { id: string }; data: object } }[] } }
    ).conduct;
    const of = (person: string) =>
      edges.map(({ node }) => node).filter(({ actor, type }) => actor.id === person && type.startsWith('Sealed'));
    expect(of('somebody as auditor')).toMatchObject([
      { type: 'SealedDataRead', data: { trial: 'T', field: 'Trial.export', participants: 1, by: 'role' } },
    ]);
    expect(of('somebody as trial_manager')).toEqual([]);
    expect(of('somebody as blinded_outcome_assessor')).toMatchObject([
      { type: 'SealedDataRefused', data: { field: 'Trial.export', reason: 'BLINDED' } },
    ]);
    expect(of('somebody as dmc_member')).toMatchObject([
      { type: 'SealedDataRefused', data: { reason: 'NOT_IN_ROLE' } },
    ]);
  });
});

test.each(['/export/T/events?limit=0', '/export/T/events?limit=x', '/export/T/events?after=1'])('%s', async (path) => {
  expect(await statusOf(running, path)).toBe(400);
});

describe('a log is restored', () => {
  const lines: string[] = [];
  const query = (events: readonly string[] = lines): string => {
    const root = Buffer.from(treeRoot(events.map(leafHash))).toString('base64');
    return `size=${events.length}&root=${encodeURIComponent(root)}`;
  };
  const text = (events: readonly string[]): string => events.map((line) => `${line}\n`).join('');
  let operator: SignedIn;
  const post = (who: SignedIn, asked: string, body: string, type = 'application/x-ndjson'): Promise<Response> =>
    who.fetch(`/restore?${asked}`, { method: 'POST', headers: { 'content-type': type }, body });
  const logOf = (tenant: string): Promise<bigint> => running.store.head(tenant);

  beforeAll(async () => {
    const [trial] = fc.sample(someTrial, { numRuns: 1, seed: 23 });
    lines.push(...(await recordedTrial(trial!)).map((event) => cloudEventLine(event)));
    operator = await running.as('operator', { tenant: 'new', scopes: ['cairn:operate'] });
  });

  test('by operators only, and as what it says that it is', async () => {
    expect((await post(await running.as('anna', { tenant: 'new' }), query(), text(lines))).status).toBe(403);
    expect((await post(operator, query(), text(lines), 'text/plain')).status).toBe(415);
    for (const asked of ['', 'size=1', 'size=0&root=x', `${query()}&more=1`]) {
      expect((await post(operator, asked, text(lines))).status).toBe(400);
    }
    expect(await logOf('new')).toBe(0n);
  });

  test.each<[string, (events: string[]) => string, string]>([
    ['the last event missing', (events) => text(events.slice(0, -1)), 'EVENTS_INCOMPLETE'],
    ['one event more', (events) => text([...events, events[0]!]), 'EVENTS_INCOMPLETE'],
    ['the last line broken off', (events) => text(events).slice(0, -9), 'EVENTS_MALFORMED'],
    ['two events swapped', (events) => text([events[1]!, events[0]!, ...events.slice(2)]), 'EVENTS_MALFORMED'],
    ['a line that is no event', (events) => text(['{}', ...events.slice(1)]), 'EVENTS_MALFORMED'],
    [
      'another event',
      (events) => text(events.with(2, events[2]!.replace('manager@unit', 'nobody@unit'))),
      'EVENTS_INCOMPLETE',
    ],
    [
      'a type that nobody knows',
      (events) => text(events.with(2, events[2]!.replaceAll('WorkerRegistered', 'WorkerForgotten'))),
      'EVENT_TYPE_UNKNOWN',
    ],
    [
      'a stream of another trial',
      (events) => text(events.with(2, events[2]!.replaceAll('trial%2F', 'trial%2G'))),
      'EVENTS_MALFORMED',
    ],
    [
      'a time still to come',
      (events) => text(events.with(-1, events.at(-1)!.replace('"recordedat":"2', '"recordedat":"3'))),
      '',
    ],
  ])('%s: nothing of it', async (_what, spoil, code) => {
    const response = await post(operator, query(), spoil([...lines]));
    expect({ status: response.status, code: await codeOf(response) }).toEqual({
      status: 422,
      code: code === '' ? (expect.stringMatching(/^EVENTS_(MALFORMED|INCOMPLETE)$/) as string) : code,
    });
    expect(await logOf('new')).toBe(0n);
  });

  test('a client that goes away half way leaves nothing', async () => {
    const sending = request(`${running.url}/restore?${query()}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operator.token}`, 'content-type': 'application/x-ndjson' },
    });
    sending.on('error', () => undefined);
    sending.write(text(lines.slice(0, -1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    sending.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await logOf('new')).toBe(0n);
  });

  test('whole: the same tree, and nothing is restored over it', async () => {
    const response = await post(operator, query(), text(lines));
    expect(await response.json()).toMatchObject({ restored: { events: lines.length } });
    expect(await logOf('new')).toBe(BigInt(lines.length));
    const again = await post(operator, query(), text(lines));
    expect({ status: again.status, code: await codeOf(again) }).toEqual({ status: 409, code: 'TENANT_NOT_EMPTY' });

    const manager = running.withToken(await running.tokenFor({ tenant: 'new', person: 'anna' }), {
      tenant: 'new',
      person: 'anna',
    });
    await manager.give('registerTenant', { name: 'Unit' });
    await manager.give('assignRole', { assignment: 'first', person: 'anna', role: 'trial_manager' });
    const out = join(folder, 'back');
    expect(await cairnAs(manager)('export', TRIAL, '--out', out)).toMatchObject({ exitCode: 0 });
    expect(fs.readFileSync(join(out, 'events.ndjson'), 'utf8')).toBe(text(lines));
    expect(await cairnAs(manager)('verify', out, '--recompute')).toMatchObject({ exitCode: 0 });
    // What follows is recorded behind it.
    const position = await manager.give('registerSite', {
      trial: TRIAL,
      site: 'S2',
      name: 'Site',
      employerKind: 'NHS',
      employerName: 'Trust',
      hostOrganisation: 'Trust',
      locality: ['URBAN'],
    });
    expect(BigInt(position)).toBeGreaterThan(BigInt(lines.length));
    expect(await cairnAs(manager)('verify', '--trial', TRIAL)).toMatchObject({ exitCode: 0 });
  });
});
