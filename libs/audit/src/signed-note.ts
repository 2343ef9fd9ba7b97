import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

/*
 * Signed notes as C2SP signed-note describes them: a text, an empty line, and signature lines of which each names its key.
 */

/** The byte that says what kind of signature a key makes. */
export const SIGNATURE_TYPE = { ed25519: 1, cosignature: 4 } as const;
export type SignatureType = (typeof SIGNATURE_TYPE)[keyof typeof SIGNATURE_TYPE];

/** What a signature is checked with; public. */
export interface VerifierKey {
  readonly name: string;
  /** Four bytes as eight hexadecimal digits, see `keyId`. */
  readonly id: string;
  readonly type: SignatureType;
  /** 32 bytes, RFC 8032. */
  readonly publicKey: Uint8Array;
}

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** With its final line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** What makes signatures; keep it, as reading the key takes longer than signing. */
export interface NoteSigner {
  readonly key: VerifierKey;
  sign(text: string): NoteSignature;
}

/** Lines of one note; C2SP asks for 16 at least. */
const SIGNATURES_MAX = 100;
/** UTF-16 code units of one note: 256 leaves in a checkpoint are some 12,000. */
const NOTE_MAX = 1_000_000;

/** Whether a text can name a key: no spaces of any kind and no plus, nor anything else that would break a line. */
export const isKeyName = (name: string): boolean =>
  name !== '' && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);

/** The first four bytes of SHA-256 of name, line feed, type and public key. */
export function keyId(name: string, type: SignatureType, publicKey: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]), 'hex').slice(0, 8);
}

export const verifierKey = (name: string, publicKey: Uint8Array, type: SignatureType = 1): VerifierKey => ({
  name,
  id: keyId(name, type, publicKey),
  type,
  publicKey,
});

/** A verifier key as people hand it on: `name+id+base64(type ‖ public key)`. */
export const verifierKeyText = ({ name, id, type, publicKey }: VerifierKey): string =>
  `${name}+${id}+${Buffer.concat([Buffer.of(type), publicKey]).toString('base64')}`;

/** @returns undefined for a text that is no verifier key, or whose id is not that of its key */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  // Base64 may hold a plus, a name may not.
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (bytes?.length !== 33 || !isKeyName(name!)) return undefined;
  const type = Object.values(SIGNATURE_TYPE).find((known) => known === bytes[0]);
  if (type === undefined) return undefined;
  const key = verifierKey(name!, bytes.subarray(1), type);
  return key.id === id ? key : undefined;
}

/** @param seed the private key, 32 bytes (RFC 8032) @throws Error when it has another length */
export function noteSigner(name: string, seed: Uint8Array): NoteSigner {
  if (seed.length !== 32) throw new Error('an Ed25519 seed has 32 bytes');
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
  const key = verifierKey(name, publicKey);
  return {
    key,
    sign: (text) => ({ name, id: key.id, signature: sign(null, Buffer.from(text), privateKey) }),
  };
}

/** A note's text with its signatures. @param text ends in a line feed */
export const noteOf = ({ text, signatures }: SignedNote): string =>
  `${text}\n${signatures.map(signatureLine).join('')}`;

export const signatureLine = ({ name, id, signature }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`;

/** @returns undefined for a text that is no signed note; nothing is said about its signatures */
export function parseNote(note: string): SignedNote | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (note.length > NOTE_MAX || !note.isWellFormed() || /[\0-\x09\x0b-\x1f]/.test(note)) return undefined;
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) return undefined;
  const signatures = lines.map(parseSignatureLine).filter((read) => read !== undefined);
  return signatures.length < lines.length ? undefined : { text: note.slice(0, end + 1), signatures };
}

/** @param line without its line feed @returns undefined for a text that is none */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const [, name, encoded] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (bytes === undefined || bytes.length < 5 || !isKeyName(name!)) return undefined;
  return { name: name!, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
}

/**
 * Why a note is not to be believed: `MALFORMED_NOTE`, `WRONG_SIGNATURE` (one of a known key that does not fit),
 * `UNKNOWN_KEYS` (no signature of a known key), `AMBIGUOUS_KEY` (two known keys with one name and id).
 */
export type NoteProblem = 'MALFORMED_NOTE' | 'WRONG_SIGNATURE' | 'UNKNOWN_KEYS' | 'AMBIGUOUS_KEY';

/**
 * Opens a note with the keys one trusts. Signatures of other keys are ignored, also when they share a name or an id; of
 * several by one key the first counts.
 */
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
): (SignedNote & { readonly verifiedBy: readonly VerifierKey[] }) | { readonly problem: NoteProblem } {
  const read = parseNote(note);
  if (read === undefined) return { problem: 'MALFORMED_NOTE' };
  const verifiedBy: VerifierKey[] = [];
  for (const each of read.signatures) {
    const known = keys.filter((key) => key.name === each.name && key.id === each.id);
    const [key] = known;
    if (key === undefined || verifiedBy.includes(key)) continue;
    if (known.length > 1) return { problem: 'AMBIGUOUS_KEY' };
    if (!isSignedBy(key, read.text, each.signature)) return { problem: 'WRONG_SIGNATURE' };
    verifiedBy.push(key);
  }
  return verifiedBy.length === 0 ? { problem: 'UNKNOWN_KEYS' } : { ...read, verifiedBy };
}

/** Whether a signature of this key's type is one of the text. A cosignature is eight bytes of time before it. */
export function isSignedBy(key: VerifierKey, text: string, signature: Uint8Array): boolean {
  switch (key.type) {
    case SIGNATURE_TYPE.ed25519:
      return signature.length === 64 && verify(null, Buffer.from(text), publicKeyOf(key), signature);
    case SIGNATURE_TYPE.cosignature:
      return cosignedAt(key, text, signature) !== undefined;
    default:
      return key.type satisfies never;
  }
}

/**
 * When a witness says that it saw a checkpoint (C2SP tlog-cosignature, cosignature/v1).
 * @param signature eight bytes of POSIX time, then Ed25519 over it and the checkpoint's text
 * @returns seconds since 1970; undefined when the signature is not the key's
 */
export function cosignedAt(key: VerifierKey, text: string, signature: Uint8Array): number | undefined {
  if (key.type !== SIGNATURE_TYPE.cosignature || signature.length !== 72) return undefined;
  const time = Buffer.from(signature).readBigUInt64BE();
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
  return verify(null, message, publicKeyOf(key), signature.subarray(8)) ? Number(time) : undefined;
}

/** What RFC 8410 puts before the 32 bytes of an Ed25519 key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Reading a key takes as long as using it, and a log is verified with few. */
const publicKeys = new WeakMap<VerifierKey, KeyObject>();

function publicKeyOf(key: VerifierKey): KeyObject {
  let read = publicKeys.get(key);
  if (read === undefined) {
    read = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key.publicKey]), format: 'der', type: 'spki' });
    publicKeys.set(key, read);
  }
  return read;
}

/** Strictly: padded, and nothing that a decoder would pass over. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
