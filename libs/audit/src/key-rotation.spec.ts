import { readRotation, rotationNote } from './key-rotation.js';
import { noteOf, noteSigner, parseNote, type NoteSigner } from './signed-note.js';

const signer = (seed: number): NoteSigner => noteSigner('cairn.test', Buffer.alloc(32, seed));
const [old, next, other] = [signer(1), signer(2), signer(3)];

test('a key hands over to the next one', () => {
  const keys = readRotation(rotationNote(old, next));
  expect(keys?.map(({ id }) => id)).toEqual([old.key.id, next.key.id]);
});

test('nobody else can say so for them', () => {
  const { text, signatures } = parseNote(rotationNote(old, next))!;
  const [byOld, byNext] = signatures;
  expect(readRotation(noteOf({ text, signatures: [byOld!] }))).toBeUndefined();
  expect(readRotation(noteOf({ text, signatures: [byNext!, other.sign(text)] }))).toBeUndefined();
  const forged = parseNote(rotationNote(other, next))!.text;
  expect(readRotation(noteOf({ text: forged, signatures: [old.sign(forged), next.sign(forged)] }))).toBeUndefined();
  expect(
    readRotation(
      noteOf({ text: `${text}more\n`, signatures: [old.sign(`${text}more\n`), next.sign(`${text}more\n`)] }),
    ),
  ).toBeUndefined();
  expect(readRotation('cairn.test/unit/trial\n0\n\n')).toBeUndefined();
});

test('a key does not hand over to itself', () => {
  expect(readRotation(rotationNote(old, old))).toBeUndefined();
});
