import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { SEALED_PREFIX } from '@cairn/event-sourcing';

/** Bytes of a participant's data key. */
export const DATA_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed text belongs to; it opens for nothing else. */
export interface SealedPlace {
  readonly tenant: string;
  readonly trial: string;
  readonly participant: string;
  /** The command's and the event's member that holds it, e.g. `note`. */
  readonly member: string;
}

/** Half a key is no key, and another participant's neither: nothing of a text is given that is not whole. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
  constructor() {
    super('the sealed text is not one of this place and key');
  }
}

/**
 * Seals texts with a participant's data key: AES-256-GCM with an IV made of the text and its place, in the manner of SIV
 * (RFC 5297). The same text in the same place gives the same bytes, so that what is stored can be compared without being
 * read, and an IV meets another text by an accident of 2^-96 only. What the bytes tell without the key is how long the
 * text is, and that two of one participant are equal.
 */
export class Seal {
  private readonly encryption: Buffer;
  private readonly derivation: Buffer;

  /** @param key of `DATA_KEY_BYTES` */
  constructor(key: Uint8Array) {
    if (key.length !== DATA_KEY_BYTES) throw new Error(`a data key has ${DATA_KEY_BYTES} bytes`);
    this.encryption = createHmac('sha256', key).update('cairn free text v1 encryption').digest();
    this.derivation = createHmac('sha256', key).update('cairn free text v1 derivation').digest();
  }

  /** @returns `sealed:v1:` and iv, ciphertext and tag in base64url */
  close(place: SealedPlace, text: string): string {
    const around = associated(place);
    const plain = Buffer.from(text, 'utf8');
    const iv = this.ivOf(around, plain);
    const cipher = createCipheriv('aes-256-gcm', this.encryption, iv);
    cipher.setAAD(around);
    const hidden = [cipher.update(plain), cipher.final()];
    return SEALED_PREFIX + Buffer.concat([iv, ...hidden, cipher.getAuthTag()]).toString('base64url');
  }

  /** @throws SealBroken for a text that was changed, of another place, or of another key */
  open(place: SealedPlace, sealed: string): string {
    const bytes = bytesOf(sealed);
    const iv = bytes.subarray(0, IV_BYTES);
    const around = associated(place);
    const decipher = createDecipheriv('aes-256-gcm', this.encryption, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(around);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
    } catch {
      throw new SealBroken();
    }
    if (!timingSafeEqual(iv, this.ivOf(around, plain))) throw new SealBroken();
    return plain.toString('utf8');
  }

  private ivOf(around: Buffer, plain: Buffer): Buffer {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(around.length);
    return createHmac('sha256', this.derivation)
      .update(length)
      .update(around)
      .update(plain)
      .digest()
      .subarray(0, IV_BYTES);
  }
}

/** A list in JSON: no choice of ids makes two places one. */
const associated = ({ tenant, trial, participant, member }: SealedPlace): Buffer =>
  Buffer.from(JSON.stringify(['cairn', 'v1', tenant, trial, participant, member]), 'utf8');

function bytesOf(sealed: string): Buffer {
  const text = sealed.slice(SEALED_PREFIX.length);
  const bytes = Buffer.from(text, 'base64url');
  // A decoder passes over what is none of its characters, and over bits that are left.
  if (
    !sealed.startsWith(SEALED_PREFIX) ||
    bytes.length < IV_BYTES + TAG_BYTES ||
    bytes.toString('base64url') !== text
  ) {
    throw new SealBroken();
  }
  return bytes;
}
