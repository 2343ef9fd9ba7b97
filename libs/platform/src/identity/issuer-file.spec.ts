import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InvalidIssuerFile, readIssuerFile } from './issuer-file.js';
import { prepareIssuerFile } from './prepare-issuer-file.js';
import { matchesPassword, matchesSecret } from './secret.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'issuer-'))));
afterEach(() => rm(folder, { recursive: true }));

const content = {
  url: 'http://localhost:4000/oidc',
  people: [{ person: 'manager@enrich.example', name: 'A manager', tenant: 'enrich' }],
  clients: [{ client: 'feed.enrich', name: 'A feed', tenant: 'enrich', scopes: ['cairn:read'] }],
};

it('is made once, for its owner alone, with hashes of what is told once', async () => {
  const file = path.join(folder, 'issuer.json');
  const made = await prepareIssuerFile(file, content);
  const secret = made.clientSecrets.get('feed.enrich')!;
  const stored = await readIssuerFile(file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['issuer.json']);
  expect(await matchesPassword(made.password!, stored.people[0]!.password)).toBe(true);
  expect(await matchesPassword(`${made.password}x`, stored.people[0]!.password)).toBe(false);
  expect(await matchesPassword(made.password!, undefined)).toBe(false);
  expect(matchesSecret(secret, stored.clients[0]!.secret)).toBe(true);
  expect(matchesSecret(`${secret}x`, stored.clients[0]!.secret)).toBe(false);
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain(made.password);
  expect(text).not.toContain(secret);
});

it('keeps its keys and people, learns new ones and a new address', async () => {
  const file = path.join(folder, 'issuer.json');
  const first = await prepareIssuerFile(file, content);
  const again = await prepareIssuerFile(file, content);
  expect(again).toMatchObject({ file: first.file, password: undefined });
  expect(again.clientSecrets.size).toBe(0);

  const dmc = { person: 'dmc@enrich.example', name: 'A committee', tenant: 'enrich' };
  const moved = await prepareIssuerFile(file, {
    ...content,
    url: 'http://localhost:5000/oidc',
    people: [...content.people, dmc],
  });
  expect(moved.file).toMatchObject({ keys: first.file.keys, cookieKeys: first.file.cookieKeys });
  expect(moved.file.url).toBe('http://localhost:5000/oidc');
  expect(moved.file.people[0]).toEqual(first.file.people[0]);
  expect(await matchesPassword(moved.password!, moved.file.people[1]!.password)).toBe(true);
});

it('is not replaced when it is broken, and nothing of it is told', async () => {
  const file = path.join(folder, 'issuer.json');
  const { file: made } = await prepareIssuerFile(file, content);
  for (const text of ['{', JSON.stringify({ ...made, keys: [{ ...made.keys[0], d: '' }] })]) {
    await writeFile(file, text);
    const failure = await prepareIssuerFile(file, content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidIssuerFile);
    expect((failure as Error).message).not.toContain(made.keys[0]!.x);
    expect(await readFile(file, 'utf8')).toBe(text);
  }
});
