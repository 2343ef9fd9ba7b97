import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { givenSettings } from './settings.js';

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

function file(content: string): string {
  const name = path.join(folder, 'secret');
  fs.writeFileSync(name, content);
  return name;
}

it('takes a secret from the environment or from a file, without the end of its line', () => {
  expect(givenSettings({ DATABASE_URL: 'postgres://a', PORT: '', HOST: undefined }).given).toEqual({
    DATABASE_URL: 'postgres://a',
  });
  const { given, mistakes } = givenSettings({ DATABASE_URL_FILE: file('postgres://b\n') });
  expect([given['DATABASE_URL'], mistakes]).toEqual(['postgres://b', []]);
});

it('leaves a setting alone that is a file by its own name', () => {
  expect(givenSettings({ ISSUER_FILE: '/nowhere' })).toEqual({ given: { ISSUER_FILE: '/nowhere' }, mistakes: [] });
});

it('tells which file cannot be used, and why, but not what it holds', () => {
  expect(givenSettings({ VAULT_TOKEN_FILE: path.join(folder, 'none') }).mistakes).toEqual([
    'VAULT_TOKEN_FILE: cannot be read (ENOENT)',
  ]);
  expect(givenSettings({ VAULT_TOKEN_FILE: file('\n') }).mistakes).toEqual(['VAULT_TOKEN_FILE: the file is empty']);
  expect(givenSettings({ VAULT_TOKEN_FILE: file('s3cret'), VAULT_TOKEN: 'other' }).mistakes).toEqual([
    'VAULT_TOKEN_FILE: goes instead of VAULT_TOKEN, not with it',
  ]);
});
