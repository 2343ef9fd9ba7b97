import { randomBytes, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { IssuerFile, readIssuerFile } from './issuer-file.js';
import { hashPassword, hashSecret, newSecret } from './secret.js';

export interface IssuerContent {
  /** `<base>/oidc` */
  readonly url: string;
  readonly people: readonly { readonly person: string; readonly name: string; readonly tenant: string }[];
  readonly clients: readonly {
    readonly client: string;
    readonly name: string;
    readonly tenant: string;
    readonly scopes: readonly string[];
  }[];
}

/** What the file keeps only hashes of: to be shown once. */
export interface IssuedSecrets {
  /** Of everybody who was added by this call; undefined when nobody was. */
  readonly password: string | undefined;
  /** Of the machines that were added by this call. */
  readonly clientSecrets: ReadonlyMap<string, string>;
}

/**
 * Makes the issuer's file when there is none, and adds to it who is not in it yet. Keys, passwords and secrets that are
 * in it stay. Not for two callers at a time.
 * @throws InvalidIssuerFile when there is a file, and it is broken: new keys would silently sign everybody out
 */
export async function prepareIssuerFile(
  file: string,
  content: IssuerContent,
): Promise<{ readonly file: IssuerFile } & IssuedSecrets> {
  const before = (await readIfThere(file)) ?? (await newIssuer(content.url));
  const newPeople = content.people.filter(({ person }) => !before.people.some((known) => known.person === person));
  const newClients = content.clients.filter(({ client }) => !before.clients.some((known) => known.client === client));

  const password = newPeople.length === 0 ? undefined : newSecret();
  const clientSecrets = new Map(newClients.map(({ client }) => [client, newSecret()]));
  const people = await Promise.all(
    newPeople.map(async (person) => ({ ...person, password: await hashPassword(password!) })),
  );
  const clients = newClients.map((client) => ({
    ...client,
    scopes: [...client.scopes],
    secret: hashSecret(clientSecrets.get(client.client)!),
  }));
  const after = IssuerFile.parse({
    ...before,
    url: content.url,
    people: [...before.people, ...people],
    clients: [...before.clients, ...clients],
  });
  await replace(file, `${JSON.stringify(after, undefined, 2)}\n`);
  return { file: after, password, clientSecrets };
}

async function readIfThere(file: string): Promise<IssuerFile | undefined> {
  try {
    return await readIssuerFile(file);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function newIssuer(url: string): Promise<IssuerFile> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: randomUUID() };
  const cookieKey = randomBytes(32).toString('base64url');
  return IssuerFile.parse({
    version: 1,
    url,
    audience: 'cairn',
    keys: [key],
    cookieKeys: [cookieKey],
    people: [],
    clients: [],
  });
}

/** Whole or not at all, and from its first byte readable by nobody else. */
async function replace(file: string, text: string): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
