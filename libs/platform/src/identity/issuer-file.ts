import { readFile } from 'node:fs/promises';
import { isIdentifier } from '@cairn/event-sourcing';
import { z } from 'zod';

const id = z.string().refine(isIdentifier, 'is not an identifier');

const SigningKey = z
  .object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    alg: z.literal('ES256'),
    use: z.literal('sig'),
    kid: z.string().min(1),
    x: z.string().min(1),
    y: z.string().min(1),
    d: z.string().min(1),
  })
  .readonly();

export const IssuerFile = z.object({
  version: z.literal(1),
  /** The issuer's own address, as its tokens name it. */
  url: z.url({ protocol: /^https?$/ }),
  /** For whom its access tokens are made. */
  audience: id,
  /** Private; the first one signs. */
  keys: z.array(SigningKey).min(1),
  /** They sign the issuer's cookies; the first one for new cookies. */
  cookieKeys: z.array(z.string().min(32)).min(1),
  /** `password` is a hash. */
  people: z.array(z.object({ person: id, name: z.string().min(1), tenant: id, password: z.string() })),
  /** Machines with their secrets' hashes, and the most that their tokens may be used for. */
  clients: z.array(
    z.object({ client: id, name: z.string().min(1), tenant: id, scopes: z.array(id), secret: z.string() }),
  ),
});
/** All that the embedded issuer knows: whoever reads it can act as anybody. */
export type IssuerFile = z.infer<typeof IssuerFile>;

/** The file is not what an issuer wrote. Nothing of its content is repeated: it holds keys. */
export class InvalidIssuerFile extends Error {
  override readonly name = 'InvalidIssuerFile';
}

/**
 * @throws InvalidIssuerFile when it is not JSON or not of the shape
 * @throws the file system's error (`code` ENOENT, EACCES …) when it cannot be read
 */
export async function readIssuerFile(path: string): Promise<IssuerFile> {
  const text = await readFile(path, 'utf8');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new InvalidIssuerFile(`${path} is not JSON`);
  }
  const read = IssuerFile.safeParse(content);
  if (!read.success) {
    const where = read.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new InvalidIssuerFile(`${path} is not an issuer's file: see ${where}`);
  }
  return read.data;
}
