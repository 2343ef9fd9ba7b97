// What the services find beside them in the network of docker-compose.yml, where there is no Docker: PostgreSQL under its name
// and port, and an issuer of tokens with the certificate of make-secrets.mjs.
//
//   node image-surroundings.mjs POSTGRES_SOCKET TLS_PEM ISSUER PORT
//
// Prints `ready` when both listen. GET /token?sub=…&tenant=…&scope=… of the issuer is a token, for whoever asks.
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const [, , socket, pem, issuer, port] = process.argv;

const postgres = net.createServer((client) => {
  const server = net.connect(socket);
  client.pipe(server).pipe(client);
  for (const each of [client, server]) each.on('error', () => (client.destroy(), server.destroy()));
});

const { privateKey, publicKey } = await generateKeyPair('ES256');
const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }];
const certificate = fs.readFileSync(pem);
const people = https.createServer({ key: certificate, cert: certificate }, async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  const json = (content) => response.setHeader('content-type', 'application/json').end(JSON.stringify(content));
  if (pathname.endsWith('/.well-known/openid-configuration')) {
    json({
      issuer,
      jwks_uri: `${issuer}/keys`,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
    });
  } else if (pathname.endsWith('/keys')) {
    json({ keys });
  } else {
    const claims = { ...Object.fromEntries(searchParams), iss: issuer, aud: 'cairn' };
    const token = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'JWT' });
    response.end(await token.setIssuedAt().setExpirationTime('10m').sign(privateKey));
  }
});

await Promise.all([
  new Promise((resolve) => postgres.listen(5432, '127.0.0.1', resolve)),
  new Promise((resolve) => people.listen(Number(port), '127.0.0.1', resolve)),
]);
console.log('ready');
