import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a Vault answers: as in its documentation of the transit engine and of version 2 of the key-value engine. */
export interface FakeVault {
  readonly address: string;
  readonly token: string;
  /** Requests that were answered, as `POST /v1/…`. */
  readonly asked: readonly string[];
  /** Answers the next so many requests with this status. */
  fail(status: number, times: number): void;
  /** Answers nothing any more. */
  close(): Promise<void>;
}

interface Answered {
  readonly status: number;
  readonly body?: object;
}

const NAMESPACE = 'trials/';
const errors = (status: number, ...messages: readonly string[]): Answered => ({ status, body: { errors: messages } });
const data = (content: object): Answered => ({
  status: 200,
  body: { request_id: 'r', lease_id: '', renewable: false, lease_duration: 0, data: content, warnings: null },
});

/** One process, whose keys end with it. Engines are mounted at `transit` and `secret`, within the namespace `trials/`. */
export async function fakeVault(token = 'vault-token'): Promise<FakeVault> {
  const transit = new Map<string, Buffer>();
  const kv = new Map<string, { readonly version: number; readonly data: object }>();
  const asked: string[] = [];
  let failing = { status: 0, times: 0 };

  const answer = (method: string, path: string, body: Record<string, unknown>): Answered => {
    const [mount, kind, ...rest] = path.split('/');
    const name = rest.join('/');
    if (mount === 'transit') return inTransit(method, kind!, name, body);
    if (mount === 'secret' && kind === 'data') return inData(method, name, body);
    if (mount === 'secret' && kind === 'metadata') return inMetadata(method, name);
    return errors(404, 'no handler for route');
  };

  const inTransit = (method: string, kind: string, name: string, body: Record<string, unknown>): Answered => {
    if (method !== 'POST') return errors(405, 'unsupported operation');
    if (kind === 'keys') {
      if (!transit.has(name)) transit.set(name, randomBytes(32));
      return { status: 200, body: { data: { name, type: 'aes256-gcm96', latest_version: 1 } } };
    }
    const key = transit.get(name);
    if (!key) return errors(400, 'encryption key not found');
    if (kind === 'encrypt') {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const hidden = [cipher.update(Buffer.from(String(body['plaintext']), 'base64')), cipher.final()];
      const ciphertext = `vault:v1:${Buffer.concat([iv, ...hidden, cipher.getAuthTag()]).toString('base64')}`;
      return data({ ciphertext, key_version: 1 });
    }
    try {
      const [, version, text] = String(body['ciphertext']).split(':');
      if (version !== 'v1') return errors(400, 'invalid ciphertext: no prefix');
      const bytes = Buffer.from(text!, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(-16));
      const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
      return data({ plaintext: plain.toString('base64') });
    } catch {
      return errors(400, 'invalid ciphertext: unable to decrypt');
    }
  };

  const inData = (method: string, name: string, body: Record<string, unknown>): Answered => {
    const kept = kv.get(name);
    if (method === 'GET') {
      const metadata = { created_time: '2026-01-01T00:00:00Z', deletion_time: '', destroyed: false };
      return kept ? data({ data: kept.data, metadata: { ...metadata, version: kept.version } }) : errors(404);
    }
    const { cas } = (body['options'] ?? {}) as { cas?: number };
    if (cas !== undefined && cas !== (kept?.version ?? 0)) {
      return errors(400, 'check-and-set parameter did not match the current version');
    }
    kv.set(name, { version: (kept?.version ?? 0) + 1, data: body['data'] as object });
    return data({ version: (kept?.version ?? 0) + 1, deletion_time: '', destroyed: false });
  };

  const inMetadata = (method: string, name: string): Answered => {
    if (method === 'DELETE') {
      kv.delete(name);
      return { status: 204 };
    }
    const below = [...kv.keys()]
      .filter((each) => each.startsWith(`${name}/`))
      .map((each) => each.slice(name.length + 1));
    const keys = [...new Set(below.map((each) => (each.includes('/') ? `${each.split('/')[0]}/` : each)))].sort();
    return keys.length > 0 ? data({ keys }) : errors(404);
  };

  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    let text = '';
    for await (const part of request) text += String(part);
    const { pathname, searchParams } = new URL(request.url!, 'http://vault');
    const { 'x-vault-token': given, 'x-vault-namespace': namespace } = request.headers;
    const isList = searchParams.get('list') === 'true';
    const known = given === token && namespace === NAMESPACE && pathname.startsWith('/v1/');
    const answered =
      failing.times-- > 0
        ? errors(failing.status, 'it fails')
        : !known
          ? errors(403, 'permission denied')
          : isList !== (request.method === 'GET' && pathname.includes('/metadata/'))
            ? errors(405, 'unsupported operation')
            : answer(request.method!, pathname.slice('/v1/'.length), text === '' ? {} : (JSON.parse(text) as never));
    asked.push(`${request.method} ${pathname}`);
    response.writeHead(answered.status, { 'content-type': 'application/json' });
    response.end(answered.body && JSON.stringify(answered.body));
  };
  const server = http.createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    token,
    asked,
    fail: (status, times) => void (failing = { status, times }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
