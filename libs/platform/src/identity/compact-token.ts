import { z } from 'zod';
import { repeatedName } from './repeated-name.js';
import { TokenRefused } from './token-refused.js';

/** Bytes of a token. Ours have some five hundred; issuers with many claims stay below four thousand. */
const MAX_LENGTH = 8_192;

/** A private key signs, a public one verifies: with a shared secret, whoever can verify could also sign. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];

const Header = z.object({
  alg: z.string(),
  typ: z.string().optional(),
  kid: z.string().max(200).optional(),
});
/** Parameters by which a token would bring its own key, or say where to fetch it. */
const KEY_PARAMETERS = ['jwk', 'jku', 'x5c', 'x5u'];
const EXTENSIONS = ['crit', 'b64', 'zip', 'enc'];
const TYPES = ['at+jwt', 'application/at+jwt', 'jwt'];

/** The parts of a signed token in compact form. Nothing in it is believed yet. */
export interface CompactToken {
  readonly algorithm: string;
  readonly claims: unknown;
}

/**
 * Takes apart what has the form of an access token that we could verify.
 * @throws TokenRefused
 */
export function readCompactToken(token: string): CompactToken {
  if (token.length > MAX_LENGTH) throw new TokenRefused('TOO_LONG');
  const parts = token.split('.');
  const [protectedPart, payloadPart, signaturePart] = parts;
  if (parts.length !== 3 || !parts.every(isBase64Url)) throw new TokenRefused('NOT_COMPACT');
  if (signaturePart === '') throw new TokenRefused('NOT_COMPACT');
  const given = readObject(protectedPart!);
  if (EXTENSIONS.some((name) => Object.hasOwn(given, name))) throw new TokenRefused('CRITICAL_EXTENSION');
  if (KEY_PARAMETERS.some((name) => Object.hasOwn(given, name))) throw new TokenRefused('KEY_BROUGHT_ALONG');
  const header = Header.safeParse(given);
  if (!header.success || !ALGORITHMS.includes(header.data.alg)) throw new TokenRefused('ALGORITHM');
  if (!TYPES.includes(header.data.typ?.toLowerCase() ?? '')) throw new TokenRefused('TYPE');
  return { algorithm: header.data.alg, claims: readObject(payloadPart!) };
}

/** In its one canonical form, without padding: otherwise one token would have several spellings. */
const isBase64Url = (text: string): boolean =>
  /^[\w-]*$/.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;

function readObject(part: string): object {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
  } catch {
    throw new TokenRefused('NOT_JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TokenRefused('NOT_JSON');
  if (repeatedName(text) !== undefined) throw new TokenRefused('NAME_REPEATED');
  return value;
}
