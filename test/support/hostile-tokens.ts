import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { CompactEncrypt } from 'jose';
import type { IssuerFile, RefusalOfToken } from '@cairn/platform/identity';

/** Something that is sent as a token and is none, and why. */
export type HostileToken = readonly [what: string, token: string, reason: RefusalOfToken];

type Fields = Readonly<Record<string, unknown>>;
/** The text of a JSON object, for what no object can say. */
type Part = Fields | string;

const json = (part: Part): string => (typeof part === 'string' ? part : JSON.stringify(part));
const base64Url = (data: string | Buffer): string => Buffer.from(data as string).toString('base64url');

/**
 * Tokens as somebody makes them who knows the service, its public key and its conventions, and has keys of their own. Those
 * whose signature is right are what the issuer itself could be brought to sign, or a foreign service of the same issuer.
 * @param file the embedded issuer's
 * @param elsewhere address where somebody would notice if they were asked for a key
 */
export async function hostileTokens(file: IssuerFile, elsewhere: string): Promise<readonly HostileToken[]> {
  const [key] = file.keys;
  const ours = createPrivateKey({ key: { ...key! }, format: 'jwk' });
  const publicKey = createPublicKey(ours);
  const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const now = Math.floor(Date.now() / 1_000);

  const header = { alg: 'ES256', kid: key!.kid, typ: 'at+jwt' };
  const claims = {
    iss: file.url,
    aud: file.audience,
    sub: 'tester',
    tenant: 'test',
    jti: randomUUID(),
    iat: now,
    exp: now + 600,
  };
  const without = (...names: readonly (keyof typeof claims)[]): Fields =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name as keyof typeof claims)));

  const unsigned = (head: Part, body: Part): string => `${base64Url(json(head))}.${base64Url(json(body))}`;
  const es256 = (text: string, by: KeyObject): string =>
    base64Url(sign('sha256', Buffer.from(text), { key: by, dsaEncoding: 'ieee-p1363' }));
  const signed = (head: Part, body: Part, by = ours): string => {
    const text = unsigned(head, body);
    return `${text}.${es256(text, by)}`;
  };
  const hs256 = (secret: string | Buffer): string => {
    const text = unsigned({ ...header, alg: 'HS256' }, claims);
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const rs256 = (): string => {
    const text = unsigned({ ...header, alg: 'RS256' }, claims);
    return `${text}.${base64Url(sign('sha256', Buffer.from(text), rsa.privateKey))}`;
  };
  const withHeader = (changed: Fields): string => signed({ ...header, ...changed }, claims);
  const forged = (changed: Fields): string => signed({ ...header, ...changed }, claims, theirs.privateKey);
  const withClaims = (changed: Fields): string => signed(header, { ...claims, ...changed });

  const real = signed(header, claims);
  const [head, body, signature] = real.split('.') as [string, string, string];
  const text = `${head}.${body}`;
  const jwk = theirs.publicKey.export({ format: 'jwk' });
  const encrypted = (typ: string) =>
    new CompactEncrypt(Buffer.from(real))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ })
      .encrypt(publicKey);
  const doubled = (name: string): string => json(claims).replace('{', `{"${name}":${JSON.stringify('admin')},`);

  return [
    ['no algorithm', `${unsigned({ ...header, alg: 'none' }, claims)}.`, 'NOT_COMPACT'],
    ['no algorithm, with a signature', withHeader({ alg: 'none' }), 'ALGORITHM'],
    ['None', withHeader({ alg: 'None' }), 'ALGORITHM'],
    ['nOnE', withHeader({ alg: 'nOnE' }), 'ALGORITHM'],
    ['an algorithm that is absent', signed({ typ: 'at+jwt' }, claims), 'ALGORITHM'],
    ['an algorithm that is a list', withHeader({ alg: ['ES256'] }), 'ALGORITHM'],
    ['the public key as a shared secret', hs256(publicKey.export({ type: 'spki', format: 'pem' })), 'ALGORITHM'],
    ['the public key’s bytes as one', hs256(publicKey.export({ type: 'spki', format: 'der' })), 'ALGORITHM'],
    ['the public key’s JSON as one', hs256(JSON.stringify(publicKey.export({ format: 'jwk' }))), 'ALGORITHM'],
    ['nothing as a shared secret', hs256(''), 'ALGORITHM'],
    ['RSA under our key’s name', rs256(), 'KEY_UNKNOWN'],
    ['our signature called RSA', withHeader({ alg: 'RS256' }), 'KEY_UNKNOWN'],
    ['our signature called another curve', withHeader({ alg: 'ES384' }), 'KEY_UNKNOWN'],

    ['another key under our key’s name', forged({}), 'SIGNATURE'],
    ['a key that nobody knows', forged({ kid: 'unknown' }), 'KEY_UNKNOWN'],
    ['a key that is a file', forged({ kid: '../../../../../dev/null' }), 'KEY_UNKNOWN'],
    ['a key that is SQL', forged({ kid: "x' union select 'AAAA' --" }), 'KEY_UNKNOWN'],
    ['a key that is an address', forged({ kid: `${elsewhere}/key` }), 'KEY_UNKNOWN'],
    ['a key that is a prototype', forged({ kid: '__proto__' }), 'KEY_UNKNOWN'],
    ['a key that is no text', forged({ kid: { $ne: null } }), 'ALGORITHM'],
    ['a key with an endless name', forged({ kid: 'k'.repeat(1_000) }), 'ALGORITHM'],
    ['no name of a key, and another key', forged({ kid: undefined }), 'SIGNATURE'],
    ['an address of keys (jku)', forged({ jku: `${elsewhere}/jku` }), 'KEY_BROUGHT_ALONG'],
    ['an address of a certificate (x5u)', forged({ x5u: `${elsewhere}/x5u` }), 'KEY_BROUGHT_ALONG'],
    ['a key of its own (jwk)', forged({ jwk }), 'KEY_BROUGHT_ALONG'],
    ['a certificate of its own (x5c)', forged({ x5c: [base64Url('certificate')] }), 'KEY_BROUGHT_ALONG'],
    ['an address of keys, rightly signed', withHeader({ jku: `${elsewhere}/jku` }), 'KEY_BROUGHT_ALONG'],
    ['an extension that is critical', withHeader({ crit: ['exp'], exp: now }), 'CRITICAL_EXTENSION'],
    ['an empty list of such', withHeader({ crit: [] }), 'CRITICAL_EXTENSION'],
    ['a body that is not encoded', withHeader({ b64: false }), 'CRITICAL_EXTENSION'],
    ['a body that is compressed', withHeader({ zip: 'DEF' }), 'CRITICAL_EXTENSION'],

    ['one that has expired', withClaims({ exp: now - 60 }), 'EXPIRED'],
    ['one that expired in 1970', withClaims({ exp: 1 }), 'EXPIRED'],
    ['one that never expires', signed(header, without('exp')), 'CLAIMS'],
    ['one that expires in a text', withClaims({ exp: String(now + 600) }), 'CLAIMS'],
    ['one that expires at the end of numbers', signed(header, json(claims).replace(`${now + 600}`, '1e999')), 'CLAIMS'],
    ['one that is not valid yet', withClaims({ nbf: now + 600 }), 'NOT_YET_VALID'],
    ['one that will be made', withClaims({ iat: now + 600 }), 'NOT_YET_VALID'],
    ['one for another service', withClaims({ aud: 'other' }), 'AUDIENCE'],
    ['one for several others', withClaims({ aud: ['other', 'cairn-pages'] }), 'AUDIENCE'],
    ['one for services that begin like ours', withClaims({ aud: `${file.audience}x` }), 'AUDIENCE'],
    ['one for nobody', signed(header, without('aud')), 'CLAIMS'],
    ['one for an object', withClaims({ aud: { cairn: true } }), 'CLAIMS'],
    ['one of another issuer', withClaims({ iss: elsewhere }), 'ISSUER'],
    ['one of almost our issuer', withClaims({ iss: `${file.url}/` }), 'ISSUER'],
    ['one of no issuer', signed(header, without('iss')), 'CLAIMS'],
    ['one of nobody', signed(header, without('sub')), 'CLAIMS'],
    ['one of somebody without a name', withClaims({ sub: '' }), 'CLAIMS'],
    ['one of a number', withClaims({ sub: 1 }), 'CLAIMS'],
    ['one of a control character', withClaims({ sub: 'tester\u0000' }), 'CLAIMS'],
    ['one of an endless name', withClaims({ sub: 'x'.repeat(101) }), 'CLAIMS'],
    ['one of no tenant', signed(header, without('tenant')), 'CLAIMS'],
    ['one of a tenant that can be none', withClaims({ tenant: ' test' }), 'CLAIMS'],
    ['one of a tenant with a line break', withClaims({ tenant: 'test\n' }), 'CLAIMS'],
    ['one of two tenants', withClaims({ tenant: ['test', 'other'] }), 'CLAIMS'],
    ['an ID token', withClaims({ aud: 'cairn-pages', nonce: 'n' }), 'AUDIENCE'],
    ['an ID token for us', signed({ ...header, typ: 'JWT' }, { ...claims, nonce: 'n' }), 'ID_TOKEN'],
    ['an ID token beside an access token', withClaims({ at_hash: 'x' }), 'ID_TOKEN'],
    ['a logout token', signed({ ...header, typ: 'logout+jwt' }, { ...claims, events: {} }), 'TYPE'],
    ['a proof of possession', withHeader({ typ: 'dpop+jwt' }), 'TYPE'],
    ['no type', withHeader({ typ: undefined }), 'TYPE'],

    ['a claim twice', signed(header, doubled('sub')), 'NAME_REPEATED'],
    ['a claim twice, once in escapes', signed(header, doubled('\\u0073ub')), 'NAME_REPEATED'],
    ['a tenant twice', signed(header, doubled('tenant')), 'NAME_REPEATED'],
    ['an algorithm twice', signed(json(header).replace('{', '{"alg":"none",'), claims), 'NAME_REPEATED'],
    [
      'other claims under our signature',
      `${head}.${base64Url(json({ ...claims, tenant: 'other' }))}.${signature}`,
      'SIGNATURE',
    ],
    ['no signature', `${text}.`, 'NOT_COMPACT'],
    ['a signature of zeros', `${text}.${base64Url(Buffer.alloc(64))}`, 'SIGNATURE'],
    ['a signature in another encoding', `${text}.${base64Url(sign('sha256', Buffer.from(text), ours))}`, 'SIGNATURE'],
    ['a signature that is cut', real.slice(0, -6), 'SIGNATURE'],
    ['a body that is cut', `${head}.${body.slice(0, 40)}.${signature}`, 'NOT_JSON'],
    ['two parts', text, 'NOT_COMPACT'],
    ['one part', head, 'NOT_COMPACT'],
    ['four parts', `${real}.${signature}`, 'NOT_COMPACT'],
    ['five parts, encrypted', await encrypted('at+jwt'), 'NOT_COMPACT'],
    ['dots', '..', 'NOT_COMPACT'],
    ['padding', `${head}=.${body}.${signature}`, 'NOT_COMPACT'],
    ['another alphabet', `${text}.${'+/'.repeat(43)}`, 'NOT_COMPACT'],
    ['bits beyond the signature', `${real.slice(0, -1)}${nextInAlphabet(real.at(-1)!)}`, 'NOT_COMPACT'],
    ['a header that is a list', signed('["ES256"]', claims), 'NOT_JSON'],
    ['a body that is null', signed(header, 'null'), 'NOT_JSON'],
    ['a body that is text', signed(header, 'sub=tester'), 'NOT_JSON'],
    ['a body after a byte order mark', signed(header, `\ufeff${json(claims)}`), 'NOT_JSON'],
    [
      'a body that is not UTF-8',
      signed(header, json(claims)).replace(body, base64Url(Buffer.from([0x7b, 0xff]))),
      'NOT_JSON',
    ],
    ['the JSON form', base64Url(json({ payload: body, signatures: [{ protected: head, signature }] })), 'NOT_COMPACT'],
    ['nine thousand bytes', withClaims({ filler: 'x'.repeat(9_000) }), 'TOO_LONG'],
  ];
}

/** The last character of 64 bytes has four bits that say nothing; another one means the same to a lenient reader. */
function nextInAlphabet(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(character) + 1]!;
}
