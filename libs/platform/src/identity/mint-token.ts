import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { IssuerFile } from './issuer-file.js';

export interface TokenRequest {
  readonly person: string;
  readonly tenant: string;
  readonly name?: string;
  /** None: whatever the person's roles allow. */
  readonly scopes?: readonly string[];
  readonly client?: string;
  /** An hour unless told. */
  readonly expiresInSeconds?: number;
  /** When they proved who they are, in milliseconds since 1970; absent: they did not. */
  readonly authenticatedAt?: number;
}

/** An access token as the embedded issuer would make it, for whoever holds its file. */
export async function mintToken(file: IssuerFile, request: TokenRequest): Promise<string> {
  const key = file.keys[0]!;
  const now = Math.floor(Date.now() / 1_000);
  const { person, tenant, name, scopes, client, expiresInSeconds = 3_600, authenticatedAt } = request;
  return new SignJWT({
    tenant,
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scope: scopes.join(' ') }),
    ...(client !== undefined && { client_id: client }),
    ...(authenticatedAt !== undefined && { auth_time: Math.floor(authenticatedAt / 1_000) }),
  })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt' })
    .setIssuer(file.url)
    .setAudience(file.audience)
    .setSubject(person)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + expiresInSeconds)
    .sign(await importJWK(key, key.alg));
}
