export { InvalidKeyRing, KeyRing, prepareKeyRing, readKeyRing, rotateKeyRing } from './proofs/key-ring.js';
