import { type Scope, scopes as knownScopes } from '@cairn/access';
import { UsageError } from '../exit-code.js';
import { EmbeddedIssuer } from '../identity/embedded-issuer.js';
import type { Terminal } from '../terminal.js';

export interface TokenOptions {
  readonly tenant?: string;
  /** Separated by spaces, as a token has them. */
  readonly scope?: string;
  readonly expiresIn: number;
}

/**
 * `cairn token`: an access token of somebody of the embedded Cairn, and nothing else, so that it can be put in a variable.
 * @throws UsageError
 */
export async function tokenCommand(
  user: string,
  dataDir: string,
  { tenant, scope, expiresIn }: TokenOptions,
  terminal: Terminal,
): Promise<void> {
  const issuer = await EmbeddedIssuer.of(dataDir);
  const scopes = scope === undefined ? undefined : readScopes(scope);
  const token = await issuer.token(issuer.find(user, tenant), {
    expiresInSeconds: expiresIn,
    ...(scopes && { scopes }),
  });
  terminal.out.write(`${token}\n`);
}

function readScopes(text: string): readonly Scope[] {
  const asked = text.split(/[ ,]+/).filter((each) => each !== '');
  const scopes = asked.filter((each): each is Scope => (knownScopes as readonly string[]).includes(each));
  if (scopes.length > 0 && scopes.length === asked.length) return scopes;
  throw new UsageError(`the scopes of a token are among ${knownScopes.join(', ')}`);
}
