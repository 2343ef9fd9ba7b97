import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseVerifierKey } from '@cairn/audit';
import { prepareKeyRing, readKeyRing } from '@cairn/platform/signing';
import type { Terminal } from '../terminal.js';
import { listKeys, rotateKeys } from './keys-command.js';

describe('cairn keys', () => {
  let folder: string;
  let file: string;
  let said: string;
  const terminal = { out: { write: (text: string) => (said += text) } } as unknown as Terminal;
  const lines = () => said.trimEnd().split('\n');

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-keys-'));
    file = path.join(folder, 'signing-keys.json');
    said = '';
    await prepareKeyRing(file, new Date('2026-01-01T00:00:00Z'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('shows public keys and nothing else, the one that signs last', async () => {
    await rotateKeys(file, terminal, new Date('2026-02-01T00:00:00Z'));
    const { keys } = await readKeyRing(file);
    expect(lines()).toHaveLength(2);
    expect(lines()[0]).toMatch(/2026-01-01T00:00:00.000Z until 2026-02-01T00:00:00.000Z$/);
    expect(
      lines().map((line) => Buffer.from(parseVerifierKey(line.split(' ')[0]!)!.publicKey).toString('base64')),
    ).toEqual(keys.map((key) => key.public));
    for (const { seed } of keys) expect(said).not.toContain(seed!);
    const rotated = said;
    said = '';
    await listKeys(file, terminal);
    expect(said).toBe(rotated);
  });

  it('keeps the file for one user, and the ring that is there', async () => {
    expect(((await fs.stat(file)).mode & 0o777).toString(8)).toBe('600');
    const before = await fs.readFile(file, 'utf8');
    await prepareKeyRing(file, new Date());
    expect(await fs.readFile(file, 'utf8')).toBe(before);
  });

  it.each([
    ['is not there', async () => fs.rm(file), /first start/],
    ['is broken', async () => fs.writeFile(file, '{'), /not JSON/],
    ['is no key ring', async () => fs.writeFile(file, '{"version":1,"name":"x","keys":[]}'), /no key ring/],
  ])('says so when the file %s', async (_, spoil, message) => {
    await spoil();
    await expect(rotateKeys(file, terminal, new Date())).rejects.toThrow(message);
  });
});
