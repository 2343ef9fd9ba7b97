import { randomUUID } from 'node:crypto';
import { createPrivateKey, sign } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  leafHash,
  noteSigner,
  openNote,
  parseCheckpoint,
  parseCloudEventLine,
  parseVerifierKey,
  signatureLine,
  type VerifierKey,
  verifierKey,
  verifierKeyText,
  verifyConsistency,
  verifyInclusion,
} from '@cairn/audit';
import { prepareKeyRing, rotateKeyRing } from '@cairn/platform/signing';
import { until } from '../support/projection-kit.js';
import { runNotary, type RunningNotary } from '../support/running-notary.js';
import { offerSupport, recording, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';

const seed = Buffer.alloc(32, 9);
const witness = verifierKey('witness.example/w1', noteSigner('w', seed).key.publicKey, 4);

/** What the witness says of a checkpoint's text. */
function cosignature(text: string): string {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(1_767_225_600n);
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime 1767225600\n${text}`), privateKey);
  return signatureLine({ name: witness.name, id: witness.id, signature: Buffer.concat([time, signature]) });
}

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

describe('what is signed of a trial', () => {
  let folder: string;
  let ring: string;
  let running: RunningApi;
  let notary: RunningNotary;
  let manager: SignedIn;

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-keys-'));
    ring = path.join(folder, 'signing-keys.json');
    await prepareKeyRing(ring, new Date());
    running = await runApi({ CAIRN_SIGNING_KEYS: ring, CAIRN_WITNESSES: verifierKeyText(witness) });
    notary = await runNotary(running.databaseUrl, ring);
    await setUpTrial(running, 'T', ['S1']);
    await setUpTrial(running, 'U');
    await offerSupport(running, 'T', 'S1', 'P1');
    manager = await running.as('manager', { roles: [{ role: 'trial_manager', trial: 'T' }] });
    await signed();
  }, 60_000);

  afterAll(async () => {
    await notary.stop();
    await running.close();
    await fs.rm(folder, { recursive: true });
  });

  const signed = async (): Promise<void> => {
    const head = await running.store.head('test');
    await until(
      () => notary.proofs.notary('test'),
      ({ position }) => position >= head,
    );
  };
  const ask = async (as: SignedIn, selection: string): Promise<any> => {
    const { data, errors } = await as.graphql(`{ trial(id: "T") { ${selection} } verifierKeys }`);
    if (errors) throw new Error(JSON.stringify(errors));
    return {
      ...(data!['trial'] as object),
      keys: (data!['verifierKeys'] as string[]).map((key) => parseVerifierKey(key)!),
    };
  };
  const events = async (): Promise<string[]> => {
    const { history } = await ask(manager, 'history(first: 100) { edges { node { id } } }');
    return history.edges.map(({ node }: any) => node.id).reverse();
  };

  it('every event of it is proved to be a leaf, and the line that was hashed is the event', async () => {
    const all = await events();
    expect(all.length).toBeGreaterThan(4);
    for (const [index, event] of all.entries()) {
      const { inclusionProof, keys } = await ask(
        manager,
        `inclusionProof(event: "${event}") { index leaf leafHash proof checkpoint { note size root origin } }`,
      );
      const { checkpoint } = inclusionProof;
      const opened = openNote(checkpoint.note, keys as VerifierKey[]);
      if ('problem' in opened) throw new Error(opened.problem);
      const says = parseCheckpoint(opened.text)!;
      expect(says).toMatchObject({ size: all.length, origin: checkpoint.origin });
      expect(inclusionProof.index).toBe(index);
      const leaf = leafHash(inclusionProof.leaf);
      expect(bytes(inclusionProof.leafHash)).toEqual(leaf);
      expect(verifyInclusion(leaf, index, says.size, inclusionProof.proof.map(bytes), says.root)).toBe(true);
      expect(parseCloudEventLine(inclusionProof.leaf)).toMatchObject({ event: { id: event } });
    }
  });

  it('its beginnings are proved to be beginnings', async () => {
    const { checkpoint } = await ask(manager, 'checkpoint { size }');
    for (let from = 1; from <= checkpoint.size; from++) {
      const { consistencyProof } = await ask(
        manager,
        `consistencyProof(from: ${from}, to: ${checkpoint.size}) { fromRoot toRoot proof }`,
      );
      const { fromRoot, toRoot, proof } = consistencyProof;
      expect(verifyConsistency(from, checkpoint.size, bytes(fromRoot), bytes(toRoot), proof.map(bytes))).toBe(true);
    }
    const beyond = await ask(
      manager,
      `a: consistencyProof(from: 1, to: ${checkpoint.size + 1}) { proof } b: consistencyProof(from: 0, to: 1) { proof }
       c: consistencyProof(from: 2, to: 1) { proof } d: checkpoint(size: ${checkpoint.size + 1}) { size }`,
    );
    expect(beyond).toMatchObject({ a: null, b: null, c: null, d: null });
  });

  it('an event of another trial, and one that is none, are not in it', async () => {
    const other =
      (await running.store.readStream('test', 'U/trial'))[0] ??
      (await running.store.readLog('test', { limit: 50 })).find(({ stream }) => stream.startsWith('U/'));
    for (const event of [other!.id, randomUUID(), 'x']) {
      expect(await ask(manager, `inclusionProof(event: "${event}") { index }`)).toMatchObject({ inclusionProof: null });
    }
  });

  it('who does not know the arms gets hashes, and is told why not the line', async () => {
    const member = await running.as('member', {
      roles: [{ role: 'dmc_member', trial: 'T', until: '2049-01-01T00:00:00Z' }],
    });
    const [event] = await events();
    const answer = await member.graphql(
      `{ trial(id: "T") { inclusionProof(event: "${event}") { leaf leafHash index } } }`,
    );
    expect(answer.data).toMatchObject({ trial: { inclusionProof: { leaf: null, index: 0 } } });
    expect(answer.extensions?.sealed).toEqual([{ path: ['trial', 'inclusionProof', 'leaf'], reason: 'NOT_IN_ROLE' }]);
  });

  it('a look at a line by whose looks at arms are recorded is recorded', async () => {
    const auditor = await running.as('auditor', { roles: [{ role: 'auditor', trial: 'T' }] });
    const [event] = await events();
    await ask(auditor, `inclusionProof(event: "${event}") { leaf }`);
    const log = await running.store.readLog('test', { limit: 1_000 });
    const looks = log.filter(({ type, actor }) => type === 'SealedDataRead' && actor === 'auditor');
    expect(looks.map(({ payload }) => JSON.parse(payload).field)).toEqual(['InclusionProof.leaf']);
  });

  it('a witness cosigns a checkpoint of ours and nothing else', async () => {
    await signed();
    const { checkpoint, keys } = await ask(manager, 'checkpoint { size note cosignatures }');
    const opened = openNote(checkpoint.note, keys as VerifierKey[]);
    if ('problem' in opened) throw new Error(opened.problem);
    const give = async (size: number, line: string): Promise<string> => {
      const input = { commandId: randomUUID(), trial: 'T', size, cosignature: line };
      const { data } = await manager.graphql(recording('cosignCheckpoint'), { input });
      return (data!['cosignCheckpoint'] as { code?: string }).code ?? 'accepted';
    };
    const line = cosignature(opened.text);
    expect(await give(checkpoint.size, cosignature(`${opened.text}x\n`))).toBe('COSIGNATURE_WRONG');
    expect(await give(checkpoint.size + 1_000, line)).toBe('CHECKPOINT_UNKNOWN');
    expect(await give(checkpoint.size, parsed(line))).toBe('accepted');
    expect(await give(checkpoint.size, line)).toBe('accepted');
    // That it was cosigned is no event of the trial: its log has not grown by it.
    const { checkpoint: after } = await ask(manager, 'checkpoint { size note cosignatures }');
    expect(after).toMatchObject({ size: checkpoint.size, cosignatures: [line.trimEnd()] });
    expect(openNote(after.note, [...(keys as VerifierKey[]), witness])).toMatchObject({
      verifiedBy: [...(keys as VerifierKey[]), witness].map(({ id }) => ({ id })),
    });
  });

  it('a new key signs on, and the old one is still known', async () => {
    const before = await ask(manager, 'checkpoint { keys }');
    await rotateKeyRing(ring, new Date());
    await running.give('registerSite', {
      trial: 'T',
      site: 'S9',
      name: 'Nine',
      locality: [],
      employerKind: 'NHS',
      employerName: 'T',
      hostOrganisation: 'T',
    });
    await signed();
    const { checkpoint, keys } = await ask(manager, 'checkpoint { keys note halted }');
    const ids = (keys as VerifierKey[]).map(({ name, id }) => `${name}+${id}`);
    expect(ids).toHaveLength(2);
    expect(before.checkpoint.keys).toEqual([ids[0]]);
    expect(checkpoint).toMatchObject({ keys: ids, halted: false });
    for (const key of keys) expect(openNote(checkpoint.note, [key])).not.toHaveProperty('problem');
  });
});

/** As somebody may hand it in: without the line feed. */
const parsed = (line: string): string => line.trimEnd();
