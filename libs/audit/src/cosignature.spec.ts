import { createPrivateKey, sign } from 'node:crypto';
import { specFor } from '@cairn/event-sourcing/spec';
import { type CosignCheckpoint, witnessDecider } from './cosignature.js';
import type { WitnessEvent } from './events.js';
import { noteSigner, signatureLine, type VerifierKey, verifierKey, verifierKeyText } from './signed-note.js';

const now = Date.parse('2026-01-01T00:00:00Z');
const checkpoint = 'cairn.1/unit/T\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

/** A witness by its seed: its key, and what it says of a text. */
function witness(byte: number): { readonly key: VerifierKey; says(text: string, second?: number): string } {
  const seed = Buffer.alloc(32, byte);
  const key = verifierKey(`witness.example/${byte}`, noteSigner('w', seed).key.publicKey, 4);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    key,
    says(text, second = 1_767_225_600) {
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(second));
      const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${second}\n${text}`), privateKey);
      return signatureLine({ name: key.name, id: key.id, signature: Buffer.concat([time, signature]) }).trimEnd();
    },
  };
}

const [one, stranger] = [witness(1), witness(2)];
const { given } = specFor(witnessDecider, { now, actor: 'ann', checkpoint, witnesses: [one.key] });
const cosign = (cosignature: string): CosignCheckpoint => ({
  type: 'cosignCheckpoint',
  trial: 'T',
  size: 3,
  cosignature,
});
const cosigned = (cosignature: string): WitnessEvent => ({
  type: 'CheckpointCosigned',
  occurredAt: now,
  data: { trial: 'T', size: 3, witness: verifierKeyText(one.key), cosignature },
});

describe('a cosignature', () => {
  const line = one.says(checkpoint);
  it('is kept when it is a witness’s own, of our checkpoint', () => given().when(cosign(line)).then(cosigned(line)));
  it('may end in a line feed, as in a note', () =>
    given()
      .when(cosign(`${line}\n`))
      .then(cosigned(line)));
  it('given again, even of a later time, changes nothing', () =>
    given(cosigned(line))
      .when(cosign(one.says(checkpoint, 1_767_225_601)))
      .then());
  it('of another text is refused', () =>
    given()
      .when(cosign(one.says(checkpoint.replace('3', '4'))))
      .thenRefused('COSIGNATURE_WRONG', 'cosignature'));
  it('that is no signature line is refused', () =>
    given().when(cosign('x')).thenRefused('COSIGNATURE_WRONG', 'cosignature'));
  it('of a stranger is refused', () =>
    given()
      .when(cosign(stranger.says(checkpoint)))
      .thenRefused('WITNESS_UNKNOWN', 'cosignature'));
  it('of a checkpoint that we do not have is refused', () =>
    given()
      .when(cosign(line), { now, actor: 'ann', witnesses: [one.key] })
      .thenRefused('CHECKPOINT_UNKNOWN', 'size'));
});
