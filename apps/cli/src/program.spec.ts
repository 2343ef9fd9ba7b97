import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { readConfiguration } from './configuration.js';
import { run } from './program.js';

const directory = mkdtempSync(join(tmpdir(), 'cairn-cli-'));
const trial = {
  id: 't1',
  title: 'A trial',
  timeZone: 'Europe/London',
  arms: [{ id: 'peer', intervention: true }],
  interventionWindow: { weeksAfterDischarge: 12 },
};
writeFileSync(join(directory, 'trial.json'), JSON.stringify(trial));
writeFileSync(
  join(directory, 'training.csv'),
  'worker_id,attended_on,days\nW1,2018-01-01,1\nW1,2018-13-01,1\nW2,2018-01-03,1\n',
);

const servers: HttpServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The settings of a shell in which somebody has a token. */
const settings = { CAIRN_TOKEN: 'a.b.c' };

async function cairn(...args: string[]) {
  const written = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      decodeStrings: false,
      write: (text, _encoding, done) => {
        written[name] += String(text);
        done();
      },
    });
  const exitCode = await run(args, readConfiguration(settings), { out: into('out'), err: into('err') });
  return { exitCode, ...written };
}

interface FakeRecord {
  readonly line: number;
  readonly commands: readonly { readonly name: string; readonly input: Record<string, unknown> }[];
}

const viewer = { id: 'anna', tenant: { id: 'enrich' }, roles: ['trial_manager'] };

/** A server that answers imports line by line, and GraphQL with what is given. */
async function serve(
  answer: (record: FakeRecord) => unknown,
  graphql: unknown = { data: { viewer, trial: { head: '9' } } },
) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    if (request.headers.authorization !== 'Bearer a.b.c') {
      response.statusCode = 401;
      return response.end(JSON.stringify({ errors: [{ message: 'No.', extensions: { code: 'UNAUTHENTICATED' } }] }));
    }
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.url === '/graphql') return response.end(JSON.stringify(graphql));
      const records = body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as FakeRecord);
      for (const record of records) {
        const outcome = answer(record);
        if (outcome === 'cut') return response.destroy();
        response.write(`${JSON.stringify({ line: record.line, outcome })}\n`);
      }
      const done = { records: records.length, accepted: 1, unchanged: 0, refused: 0, events: 1, position: '9' };
      return response.end(`${JSON.stringify({ done })}\n`);
    });
    if (request.url !== '/graphql') response.flushHeaders();
    return undefined;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const accepted = { kind: 'accepted', position: '9', events: 1 };
const refusedWorker = {
  kind: 'refused',
  code: 'WORKER_UNKNOWN',
  message: 'The trial has no such worker.',
  field: 'worker',
};
const isW2 = (record: FakeRecord) => record.commands[0]!.input['worker'] === 'W2';

describe('exit code 2: the command line cannot be used', () => {
  test.each([
    [['imprt', directory]],
    [['import']],
    [['import', directory, '--frobnicate']],
    [['import', tmpdir()]],
    [['import', directory, '--format', 'xml']],
    [['import', directory, '--tenant', ' x']],
    [['import', directory, '--token', 'a', '--as', 'anna']],
    [['token']],
    [['token', 'anna', '--expires-in', '0']],
    [['import', directory, '--url', 'nonsense']],
    [['report', 'engagement']],
    [['report', 'engagement', '--trial', 't1', '--as-of', '2018-01-01']],
    [['report', 'engagement', '--trial', 't1', '--format', 'pdf']],
    [['rebuild']],
  ])('cairn %j', async (args) => {
    const { exitCode, out, err } = await cairn(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).not.toBe('');
  });

  test('settings that are none', () => {
    const wrong = { CAIRN_URL: 'x', CAIRN_TENANT: '\0', CAIRN_TOKEN: 'secret token' };
    expect(() => readConfiguration(wrong)).toThrow(/CAIRN_URL.*\n.*CAIRN_TENANT.*\n.*CAIRN_TOKEN(?!.*secret)/);
  });
});

test('help is no failure', async () => {
  const { exitCode, out } = await cairn('import', '--help');
  expect(exitCode).toBe(0);
  expect(out).toMatch(/--dry-run.*[^]*Exit codes/);
});

test('exit code 3: nobody listens', async () => {
  const { url } = await serve(() => accepted);
  servers.splice(0).forEach((server) => server.close());
  for (const args of [
    ['import', directory],
    ['rebuild', 'all'],
    ['report', 'engagement', '--trial', 't1'],
  ]) {
    const { exitCode, err } = await cairn(...args, '--url', url);
    expect(exitCode).toBe(3);
    expect(err).toContain('cannot be reached: nothing listens there');
  }
});

test('exit code 3: the connection is lost in the middle, and importing again is said to be safe', async () => {
  const { url } = await serve((record) => (isW2(record) ? 'cut' : accepted));
  const { exitCode, err } = await cairn('import', directory, '--url', url);
  expect(exitCode).toBe(3);
  expect(err).toContain('again is safe');
});

test('exit code 1: the wrong rows of the reader and the server are one list', async () => {
  const { url } = await serve((record) => (isW2(record) ? refusedWorker : accepted));
  const { exitCode, out } = await cairn('import', directory, '--url', url);
  expect(exitCode).toBe(1);
  expect(out.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 4).join(' '))).toEqual([
    'file line column code',
    'training.csv 3 attended_on BAD_DATE',
    'training.csv 4 worker_id WORKER_UNKNOWN',
    '',
    'code count kind files',
    'BAD_DATE 1 error training.csv',
    'WORKER_UNKNOWN 1 error training.csv',
    '',
    expect.stringMatching(/^Done: 4 rows read, 1 accepted, 0 unchanged, 2 refused; 1 events added; /),
    '',
  ]);
});

test('for machines: a line for each problem and one for the sum', async () => {
  const { url } = await serve((record) => (isW2(record) ? refusedWorker : accepted));
  const { out } = await cairn('import', directory, '--url', url, '--format', 'json');
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([
    { problem: { file: 'training.csv', line: 3, column: 'attended_on', code: 'BAD_DATE' } },
    { problem: { file: 'training.csv', line: 4, column: 'worker_id', code: 'WORKER_UNKNOWN' } },
    { summary: { rows: 4, refused: 2, codes: { BAD_DATE: 1, WORKER_UNKNOWN: 1 } } },
  ]);
});

test('--strict stops after the dry run when a row is bad', async () => {
  const { url, requests } = await serve(() => accepted);
  const { exitCode, out } = await cairn('import', directory, '--url', url, '--strict');
  expect(exitCode).toBe(1);
  expect(requests).toEqual(['/graphql', '/import?dryRun=true']);
  expect(out).toContain('nothing was written');
});

test.each([
  ['there is no trial nope', ['trial_manager']],
  ['there is no trial nope for anna, who has no role in unit', []],
])('a trial that is not there is bad usage: %s', async (told, roles) => {
  const viewer = { id: 'anna', tenant: { id: 'unit' }, roles };
  const { url } = await serve(() => accepted, { data: { viewer, trial: null } });
  const { exitCode, err } = await cairn('report', 'engagement', '--trial', 'nope', '--url', url);
  expect(exitCode).toBe(2);
  expect(err).toBe(`cairn: ${told}\n`);
});

test('a token that is not taken is bad usage, and is not shown', async () => {
  const { url } = await serve(() => accepted);
  for (const args of [
    ['import', directory],
    ['rebuild', 'all'],
    ['report', 'engagement', '--trial', 't1'],
  ]) {
    const { exitCode, out, err } = await cairn(...args, '--url', url, '--token', 'of.another.issuer');
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toBe(`cairn: ${url} does not take the token: it has expired, or another issuer made it\n`);
  }
});

test('engagement that is not for the role of who asks is bad usage', async () => {
  const viewer = { id: 'ben', tenant: { id: 'unit' }, roles: ['peer_worker'] };
  const { url } = await serve(() => accepted, { data: { viewer, trial: { engagement: null } } });
  const { exitCode, out, err } = await cairn('report', 'engagement', '--trial', 't1', '--url', url);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(err).toBe('cairn: the engagement of trial t1 is not shown to your role\n');
});

test('a hundred problems are shown, the first of the bundle, and all are counted', async () => {
  const bundle = mkdtempSync(join(tmpdir(), 'cairn-cli-'));
  writeFileSync(join(bundle, 'trial.json'), JSON.stringify(trial));
  const rows = Array.from({ length: 5_000 }, (_, n) => `W${n},2018-02-30,1\n`).join('');
  writeFileSync(join(bundle, 'training.csv'), `worker_id,attended_on,days\n${rows}`);
  const { url } = await serve(() => accepted);
  const few = await cairn('import', bundle, '--url', url);
  const all = await cairn('import', bundle, '--url', url, '--all');
  rmSync(bundle, { recursive: true });
  expect(few.out.match(/^training.csv/gm)).toHaveLength(100);
  expect(few.out).toContain('training.csv   101  attended_on');
  expect(few.out).toContain('and 4,900 more');
  expect(all.out.match(/^training.csv/gm)).toHaveLength(5_000);
});
