import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  ErasureRegister,
  KeysUnavailable,
  RegisteredKeys,
  TenantKeysFile,
  Vault,
  VaultKeys,
  WrappedKeysFiles,
} from '@cairn/platform/keys';
import { participantKeysContract } from '../contracts/participant-keys.contract.js';
import { fakeVault } from '../contracts/participant-keys/fake-vault.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-keys-'));
  folders.push(folder);
  return path.join(folder, 'keys');
}
afterAll(() => Promise.all(folders.map((each) => fs.rm(each, { recursive: true, force: true }))));

participantKeysContract('a folder', async () => {
  const dir = await newFolder();
  const ways = () => ({ management: new TenantKeysFile(dir), store: new WrappedKeysFiles(dir) });
  return {
    ...ways(),
    elsewhere: ways(),
    takeAway: async () => {
      await fs.rm(dir, { recursive: true });
      await fs.writeFile(dir, '');
    },
    close: async () => undefined,
  };
});

participantKeysContract('a folder with a register of erasures', async () => {
  const dir = await newFolder();
  const register = () => new ErasureRegister(path.join(path.dirname(dir), 'erasures'));
  const ways = () => ({
    management: new TenantKeysFile(dir),
    store: new RegisteredKeys(new WrappedKeysFiles(dir), register()),
  });
  return {
    ...ways(),
    elsewhere: ways(),
    takeAway: async () => {
      await fs.rm(dir, { recursive: true });
      await fs.writeFile(dir, '');
    },
    close: async () => undefined,
  };
});

const namespace = 'trials/';
participantKeysContract('Vault', async () => {
  const vault = await fakeVault();
  const { address, token } = vault;
  const way = () => new VaultKeys(new Vault({ address, token, namespace }));
  const [here, elsewhere] = [way(), way()];
  return {
    management: here,
    store: here,
    elsewhere: { management: elsewhere, store: elsewhere },
    takeAway: () => vault.close(),
    close: async () => undefined,
  };
});

describe('a folder of keys', () => {
  const owner = { tenant: 'u', trial: 't', participant: 'P1' };
  const other = { ...owner, participant: 'P2' };
  const fileIn = async (dir: string): Promise<string> =>
    path.join(
      dir,
      (await fs.readdir(dir)).find((name) => name.startsWith('participants-'))!,
    );

  it('is readable by nobody else', async () => {
    const dir = await newFolder();
    await new TenantKeysFile(dir).wrap('u', Buffer.alloc(32));
    await new WrappedKeysFiles(dir).putIfNone(owner, 'key');
    expect((await fs.stat(dir)).mode & 0o777).toBe(0o700);
    for (const name of await fs.readdir(dir)) expect((await fs.stat(path.join(dir, name))).mode & 0o777).toBe(0o600);
  });

  it('overwrites the bytes of a key that is destroyed, in its place', async () => {
    const dir = await newFolder();
    const store = new WrappedKeysFiles(dir);
    await store.putIfNone(owner, 'wrapped-key-of-P1');
    const file = await fileIn(dir);
    const { ino } = await fs.stat(file);
    await store.destroy(owner);
    expect((await fs.stat(file)).ino).toBe(ino);
    expect(await fs.readFile(file, 'utf8')).not.toMatch(/wrapped-key/);
  });

  it('is whole after a process that ended at any byte of a line or of an overwriting', async () => {
    const dir = await newFolder();
    await new WrappedKeysFiles(dir).putIfNone(owner, 'first');
    const file = await fileIn(dir);
    const one = await fs.readFile(file);
    await new WrappedKeysFiles(dir).putIfNone(other, 'second');
    const two = await fs.readFile(file);
    for (let length = one.length; length < two.length; length++) {
      await fs.writeFile(file, two.subarray(0, length));
      const store = new WrappedKeysFiles(dir);
      expect(await store.find(owner)).toEqual({ kind: 'wrapped', wrapped: 'first' });
      expect(await store.find(other)).toEqual({ kind: 'none' });
      expect(await store.putIfNone(other, 'again')).toEqual({ kind: 'wrapped', wrapped: 'again' });
      expect(await store.find(owner)).toEqual({ kind: 'wrapped', wrapped: 'first' });
    }
    const at = one.indexOf('first');
    for (let overwritten = 1; overwritten <= 'first'.length; overwritten++) {
      const half = Buffer.from(two);
      half.fill('#', at, at + overwritten);
      await fs.writeFile(file, half);
      const store = new WrappedKeysFiles(dir);
      expect(await store.find(owner)).toEqual({ kind: 'destroyed' });
      await store.destroy(owner);
      expect(await store.find(other)).toEqual({ kind: 'wrapped', wrapped: 'second' });
    }
  });

  it('that is broken is not used, and says where', async () => {
    const dir = await newFolder();
    const store = new WrappedKeysFiles(dir);
    await store.putIfNone(owner, 'first');
    const file = await fileIn(dir);
    await fs.appendFile(file, 'what is this\n');
    await expect(store.find(owner)).rejects.toThrow(KeysUnavailable);
    await expect(store.putIfNone(other, 'second')).rejects.toThrow(KeysUnavailable);
    expect(await fs.readFile(file, 'utf8')).toMatch(/what is this\n$/);
  });

  it('takes thousands of keys in a few writes', async () => {
    const dir = await newFolder();
    const store = new WrappedKeysFiles(dir);
    const began = performance.now();
    const owners = Array.from({ length: 2_000 }, (_, index) => ({ ...owner, participant: `P${index}` }));
    await Promise.all(owners.map((each) => store.putIfNone(each, `key of ${each.participant}`)));
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await new WrappedKeysFiles(dir).find(owners[1_999]!)).toEqual({ kind: 'wrapped', wrapped: 'key of P1999' });
  });
});

describe('a Vault', () => {
  const owner = { tenant: 'u', trial: 't', participant: 'P1' };

  it('that fails for a moment is asked again; one that does not let us in is not', async () => {
    const vault = await fakeVault();
    const { address, token } = vault;
    const keys = new VaultKeys(new Vault({ address, token, namespace }));
    vault.fail(503, 2);
    expect(await keys.putIfNone(owner, 'key')).toEqual({ kind: 'wrapped', wrapped: 'key' });
    vault.fail(429, 3);
    await expect(keys.find(owner)).rejects.toThrow('Vault answers with status 429');
    const stranger = new VaultKeys(new Vault({ address, token: 'wrong', namespace }));
    const before = vault.asked.length;
    await expect(stranger.find(owner)).rejects.toThrow('Vault answers with status 403');
    expect(vault.asked.length).toBe(before + 1);
    await vault.close();
  });

  it('keeps no version of a key that was destroyed', async () => {
    const vault = await fakeVault();
    const keys = new VaultKeys(new Vault({ address: vault.address, token: vault.token, namespace }));
    await keys.putIfNone(owner, 'key');
    await keys.destroy(owner);
    expect(vault.asked.filter((each) => each.startsWith('DELETE /v1/secret/metadata/cairn/'))).toHaveLength(1);
    await vault.close();
  });
});
