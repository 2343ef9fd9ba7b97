import path from 'node:path';
import {
  InvalidIssuerFile,
  type IssuerFile,
  mintToken,
  readIssuerFile,
  type TokenRequest,
} from '@cairn/platform/identity';
import { UsageError } from '../exit-code.js';

/** Somebody, or a machine, of an embedded Cairn. */
export interface EmbeddedUser {
  readonly person: string;
  readonly tenant: string;
  readonly name: string;
  /** What a machine's tokens may be used for. */
  readonly scopes?: readonly string[];
  /** Nobody gave them a password: the trial manager whom every tenant can have, so that a new one can begin. */
  readonly unlisted?: true;
}

/** As whom a tenant of an embedded Cairn is asked when nobody is named. */
export const usualUser = (tenant: string): string => `manager@${tenant}.example`;

/**
 * The issuer of an embedded Cairn, through its file: whoever may read that may act as anybody, which is why this works
 * only for the user and on the machine that run it.
 */
export class EmbeddedIssuer {
  private constructor(
    private readonly path: string,
    private readonly file: IssuerFile,
  ) {}

  /** @throws UsageError when the folder holds no issuer's file that this user can read */
  static async of(dataDir: string): Promise<EmbeddedIssuer> {
    const file = path.join(dataDir, 'issuer.json');
    try {
      return new EmbeddedIssuer(file, await readIssuerFile(file));
    } catch (error) {
      if (error instanceof InvalidIssuerFile) throw new UsageError(error.message);
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
      throw new UsageError(
        `there is no token (--token, CAIRN_TOKEN), and ${file}, from which one could be made, ${reason}; ` +
          'CAIRN_DATA_DIR names the folder of an embedded Cairn',
      );
    }
  }

  /**
   * @param tenant that they must be of; undefined: their own
   * @throws UsageError when there is nobody like that
   */
  find(user: string, tenant?: string): EmbeddedUser {
    const found = this.listed(user) ?? unlisted(user);
    if (!found) {
      const known = [...this.file.people.map(({ person }) => person), ...this.file.clients.map(({ client }) => client)];
      throw new UsageError(`${this.path} knows nobody called ${user}; it knows ${known.join(', ') || 'nobody yet'}`);
    }
    if (tenant !== undefined && tenant !== found.tenant) {
      throw new UsageError(`${user} is of the tenant ${found.tenant}, not of ${tenant}`);
    }
    return found;
  }

  /** A token as the issuer would give it after a sign-in. */
  async token(
    { person, tenant, name, ...user }: EmbeddedUser,
    request: Pick<TokenRequest, 'scopes' | 'expiresInSeconds'> = {},
  ): Promise<string> {
    const scopes = request.scopes ?? user.scopes;
    const isMachine = user.scopes !== undefined;
    return mintToken(this.file, {
      person,
      tenant,
      name,
      ...(scopes && { scopes }),
      ...(isMachine && { client: person }),
      ...(request.expiresInSeconds !== undefined && { expiresInSeconds: request.expiresInSeconds }),
    });
  }

  /** @throws UsageError when a server at the address is not this machine's: its operator could use what it is sent */
  requireOwn(url: string): void {
    const host = URL.parse(url)?.hostname;
    if (host !== undefined && [...LOOPBACK, new URL(this.file.url).hostname].includes(host)) return;
    throw new UsageError(
      `a token of this machine's own issuer is not sent to ${url}; CAIRN_TOKEN takes one of its own`,
    );
  }

  private listed(user: string): EmbeddedUser | undefined {
    const machine = this.file.clients.find(({ client }) => client === user);
    if (machine) return { person: user, tenant: machine.tenant, name: machine.name, scopes: machine.scopes };
    return this.file.people.find(({ person }) => person === user);
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

function unlisted(user: string): EmbeddedUser | undefined {
  const tenant = /^manager@(.+)\.example$/.exec(user)?.[1];
  return tenant === undefined ? undefined : { person: user, tenant, name: user, unlisted: true };
}
