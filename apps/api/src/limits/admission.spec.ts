import { once } from 'node:events';
import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../identity/identity.js';
import { admit } from '../identity/request-identity.js';
import { admission } from './admission.js';
import { Quotas } from './quotas.js';
import { defaultLimits } from './tenant-limits.js';

const who: Identity = {
  tenant: 't',
  person: 'p',
  name: 'P',
  client: undefined,
  session: 's',
  scopes: new Set(),
  expiresAt: Infinity,
};

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

it.each(['/import', '/graphql'])(
  'who went away while their token was looked at takes no place at %s',
  async (path) => {
    const quotas = new Quotas({ ...defaultLimits, imports: 1, requestsInFlight: 1 });
    const middleware = admission(quotas);
    let served = 0;
    server = createServer();
    const admitted = new Promise<void>((resolve) => {
      server.on('request', (request, response) => {
        asking.destroy();
        void once(response, 'close').then(() => {
          admit(request, who);
          middleware(request, response, () => served++);
          resolve();
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asking = ask({ port, path, method: 'POST' }).on('error', () => undefined);
    asking.end();
    await admitted;
    expect([(await quotas.enter(who)).kind, quotas.openImport(who) !== undefined, served]).toEqual(['in', true, 0]);
  },
  8_000,
);

it.each(['/import', '/import?dryRun=true', '/import/', '/IMPORT'])(
  'an import takes a place, however its path is written: %s',
  async (path) => {
    const quotas = new Quotas({ ...defaultLimits, imports: 1 });
    server = createServer((request, response) => {
      admit(request, who);
      admission(quotas)(request, response, () => {
        response.end(String(quotas.openImport(who) === undefined));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' });
    expect(await answer.text()).toBe('true');
  },
);
