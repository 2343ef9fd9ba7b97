import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ErasureRegister } from './erasure-register.js';
import { KeysUnavailable } from './key-management.js';
import { RegisteredKeys } from './registered-keys.js';
import { WrappedKeysFiles } from './wrapped-keys-files.js';

const owner = { tenant: 'u', trial: 't', participant: 'P 1\n"' };
const other = { ...owner, participant: 'P2' };

let folder: string;
beforeEach(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-register-'))));
afterEach(() => fs.rm(folder, { recursive: true }));
const keysDir = (): string => path.join(folder, 'keys');
const registerDir = (): string => path.join(folder, 'erasures');
const openKeys = () => new RegisteredKeys(new WrappedKeysFiles(keysDir()), new ErasureRegister(registerDir()));

it('a key that is in an old copy stays dead: it is not given out, and destroyed where it lies', async () => {
  await openKeys().putIfNone(owner, 'wrapped-key');
  await openKeys().putIfNone(other, 'another-key');
  await fs.cp(keysDir(), path.join(folder, 'copy'), { recursive: true });
  await openKeys().destroy(owner);
  for (const use of ['find', 'putIfNone', 'settle'] as const) {
    await fs.rm(keysDir(), { recursive: true });
    await fs.cp(path.join(folder, 'copy'), keysDir(), { recursive: true });
    const keys = openKeys();
    if (use === 'settle') await keys.settle();
    else expect(await keys[use](owner, 'new-key')).toEqual({ kind: 'destroyed' });
    const [file] = (await fs.readdir(keysDir())).filter((name) => name.startsWith('participants-'));
    expect(await fs.readFile(path.join(keysDir(), file!), 'utf8')).not.toContain('wrapped-key');
    expect(await keys.find(other)).toEqual({ kind: 'wrapped', wrapped: 'another-key' });
  }
});

it('what was put in by another process is known at once, and nothing is put in twice', async () => {
  const [here, there] = [new ErasureRegister(registerDir()), new ErasureRegister(registerDir())];
  expect(await there.has(owner)).toBe(false);
  await here.add(owner);
  await there.add(owner);
  expect(await there.has(owner)).toBe(true);
  expect(await there.has(other)).toBe(false);
  expect(await here.all()).toEqual([owner]);
});

it('goes on after a process that ended in the middle of a line', async () => {
  const file = path.join(registerDir(), 'erased.ndjson');
  await new ErasureRegister(registerDir()).add(owner);
  const whole = await fs.readFile(file);
  for (const cut of [1, 10, whole.length - 1]) {
    await fs.writeFile(file, Buffer.concat([whole, whole.subarray(0, cut)]));
    const register = new ErasureRegister(registerDir());
    await register.add(other);
    expect(await new ErasureRegister(registerDir()).all()).toEqual([owner, other]);
  }
});

it('where it cannot be read no key is given out', async () => {
  await openKeys().putIfNone(owner, 'wrapped-key');
  await fs.writeFile(registerDir(), 'a file where the folder should be');
  await expect(openKeys().find(owner)).rejects.toThrow(KeysUnavailable);
  await expect(openKeys().destroy(owner)).rejects.toThrow(KeysUnavailable);
});
