import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { mintToken, prepareIssuerFile, readIssuerFile, type TokenRequest } from '@cairn/platform/identity';

/** The file of an embedded issuer in a folder of its own, and the tokens that can be made with it. */
export interface TestIssuer {
  readonly file: string;
  /** What the demo people of the file sign in with. */
  readonly password: string | undefined;
  readonly clientSecrets: ReadonlyMap<string, string>;
  token(request: TokenRequest): Promise<string>;
  remove(): Promise<void>;
}

type Content = Parameters<typeof prepareIssuerFile>[1];

export async function testIssuer(content: Pick<Content, 'url'> & Partial<Content>): Promise<TestIssuer> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-issuer-'));
  const file = path.join(folder, 'issuer.json');
  const { password, clientSecrets } = await prepareIssuerFile(file, { people: [], clients: [], ...content });
  return {
    file,
    password,
    clientSecrets,
    token: async (request) => mintToken(await readIssuerFile(file), request),
    remove: () => fs.rm(folder, { recursive: true, force: true }),
  };
}
