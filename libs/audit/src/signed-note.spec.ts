import fc from 'fast-check';
import {
  cosignedAt,
  noteOf,
  noteSigner,
  openNote,
  parseNote,
  parseSignatureLine,
  parseVerifierKey,
  signatureLine,
  verifierKey,
  verifierKeyText,
} from './signed-note.js';
import { createPrivateKey, sign } from 'node:crypto';

/* The key and the note of golang.org/x/mod/sumdb/note, and what its tests expect of them. */
const KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SEED = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const NOTE = `${TEXT}\n${LINE}`;
const peter = parseVerifierKey(KEY)!;
const problem = (note: string, keys = [peter]): string | undefined => {
  const opened = openNote(note, keys);
  return 'problem' in opened ? opened.problem : undefined;
};

describe('a signed note', () => {
  it('is made byte for byte as by the reference', () => {
    const signer = noteSigner('PeterNeumann', SEED);
    expect(noteOf({ text: TEXT, signatures: [signer.sign(TEXT)] })).toBe(NOTE);
    expect(verifierKeyText(signer.key)).toBe(KEY);
  });

  it('opens with its key', () => {
    expect(openNote(NOTE, [peter])).toMatchObject({
      text: TEXT,
      verifiedBy: [{ name: 'PeterNeumann', id: 'c74f20a3' }],
    });
  });

  it('ignores signatures of keys that are not known, also of the same name', () => {
    const enoch = noteSigner('EnochRoot', Buffer.alloc(32, 1));
    const other = noteSigner('PeterNeumann', Buffer.alloc(32, 2));
    const note = noteOf({
      text: TEXT,
      signatures: [enoch.sign(TEXT), other.sign(TEXT), ...parseNote(NOTE)!.signatures],
    });
    expect(problem(note)).toBeUndefined();
    expect(problem(note, [enoch.key])).toBeUndefined();
    expect(problem(NOTE, [enoch.key])).toBe('UNKNOWN_KEYS');
    expect(problem(NOTE, [])).toBe('UNKNOWN_KEYS');
  });

  it.each([
    ['without signatures', TEXT],
    ['with an empty line only', `${TEXT}\n`],
    ['cut off', NOTE.slice(0, -1)],
    ['with a control character', `\x01${NOTE}`],
    ['with half of a surrogate pair', `\ud800${NOTE}`],
    ['with a name of two words', `${TEXT}\n${LINE.replace('PeterNeumann', 'Bad Name')}`],
    ['with something after it', `${NOTE}Unexpected line.\n`],
    ['with loose base64', NOTE.replace('=\n', '\n')],
    ['with more than 100 signatures', `${TEXT}\n${LINE.repeat(101)}`],
  ])('is malformed %s', (_, note) => {
    expect(problem(note)).toBe('MALFORMED_NOTE');
  });

  it('takes 100 signatures, and counts the first of a key', () => {
    expect(problem(`${TEXT}\n${LINE.repeat(100)}`)).toBeUndefined();
    const wrong = LINE.replace('RyyBwJnAM=', 'RyyBwJnBM=');
    expect(problem(`${TEXT}\n${LINE}${wrong}`)).toBeUndefined();
    expect(problem(`${TEXT}\n${wrong}${LINE}`)).toBe('WRONG_SIGNATURE');
  });

  it("is nobody's when a key was given twice", () => {
    expect(problem(NOTE, [peter, { ...peter }])).toBe('AMBIGUOUS_KEY');
  });

  it('has its text end at the last empty line', () => {
    const signer = noteSigner('a', Buffer.alloc(32, 3));
    const text = 'one\n\ntwo\n';
    expect(openNote(noteOf({ text, signatures: [signer.sign(text)] }), [signer.key])).toMatchObject({ text });
  });

  it('opens no more when any character was changed', () => {
    const characters = Array.from(NOTE);
    fc.assert(
      fc.property(
        fc.nat(characters.length - 1),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
        (at, by) => {
          fc.pre(characters[at] !== by);
          expect(problem(characters.with(at, by).join(''))).toBeDefined();
        },
      ),
    );
  });
});

describe('a verifier key', () => {
  it('is none when any part of it is missing or changed', () => {
    for (let from = 0; from < KEY.length; from++) {
      for (let to = from + 1; to <= KEY.length; to++) {
        if (to - from < KEY.length) expect(parseVerifierKey(KEY.slice(from, to))).toBeUndefined();
      }
    }
    for (let at = 0; at < KEY.length; at++) {
      const next = String.fromCharCode(KEY.charCodeAt(at) + 1);
      expect(parseVerifierKey(KEY.slice(0, at) + next + KEY.slice(at + 1))).toBeUndefined();
    }
  });

  it.each([
    [
      'too long, with the id that goes with it',
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    ],
    ['of an unknown type', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
  ])('is none %s', (_, text) => {
    expect(parseVerifierKey(text)).toBeUndefined();
  });
});

describe('a cosignature', () => {
  /* The example of C2SP tlog-cosignature; its keys are not published, so only its form can be checked. */
  const WITNESS =
    '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';
  const CHECKPOINT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

  it('is a line with eight bytes of time before the signature', () => {
    const read = parseSignatureLine(WITNESS)!;
    expect(read.signature).toHaveLength(72);
    expect(Buffer.from(read.signature).readBigUInt64BE()).toBe(1_679_315_147n);
    expect(signatureLine(read)).toBe(`${WITNESS}\n`);
  });

  it('is checked over its time and the whole checkpoint', () => {
    const seed = Buffer.alloc(32, 7);
    const key = verifierKey('witness', noteSigner('witness', seed).key.publicKey, 4);
    const privateKey = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_679_315_147n);
    const signature = Buffer.concat([
      time,
      sign(null, Buffer.from(`cosignature/v1\ntime 1679315147\n${CHECKPOINT}`), privateKey),
    ]);
    expect(cosignedAt(key, CHECKPOINT, signature)).toBe(1_679_315_147);
    expect(cosignedAt(key, CHECKPOINT.replace('2085', '2086'), signature)).toBeUndefined();
    const later = Buffer.from(signature);
    later[7]! ^= 1;
    expect(cosignedAt(key, CHECKPOINT, later)).toBeUndefined();
    expect(cosignedAt(verifierKey('witness', key.publicKey), CHECKPOINT, signature)).toBeUndefined();
    expect(parseVerifierKey(verifierKeyText(key))).toEqual(key);
    expect(
      problem(noteOf({ text: CHECKPOINT, signatures: [{ name: key.name, id: key.id, signature }] }), [key]),
    ).toBeUndefined();
  });
});
