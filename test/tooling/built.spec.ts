import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const { fingerprint } = await import(path.resolve(import.meta.dirname, '../../scripts/workspace/built.mjs'));

describe('the fingerprint of the sources', () => {
  let folder: string;
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-built-'));
    for (const file of [
      'package-lock.json',
      'tsconfig.base.json',
      'nx.json',
      'libs/delivery/package.json',
      'apps/api/package.json',
    ])
      write(file, '{}');
    write('libs/delivery/src/decide.ts', 'export {};');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it.each<[string, () => void]>([
    ['a source is written', () => write('libs/delivery/src/decide.ts', 'export const a = 1;')],
    ['a source is added', () => write('apps/api/src/history/history.graphql', 'type A')],
    ['a source is removed', () => fs.rmSync(path.join(folder, 'libs/delivery/src/decide.ts'))],
    [
      'a source is renamed',
      () =>
        fs.renameSync(
          path.join(folder, 'libs/delivery/src/decide.ts'),
          path.join(folder, 'libs/delivery/src/decision.ts'),
        ),
    ],
    ['a package is added', () => write('libs/audit/package.json', '{}')],
    ['the compiler is told otherwise', () => write('tsconfig.base.json', '{"compilerOptions":{}}')],
  ])('changes when %s', (_case, change) => {
    const before = fingerprint(folder);
    change();
    expect(fingerprint(folder)).not.toBe(before);
  });

  it.each<[string, () => void]>([
    ['nothing happens', () => undefined],
    ['the build writes its output', () => write('libs/delivery/dist/decide.js', '')],
    ['types are generated', () => write('apps/api/src/generated/schema.ts', '')],
    ['a spec is written', () => write('libs/delivery/src/decide.spec.ts', '')],
  ])('stays when %s', (_case, change) => {
    const before = fingerprint(folder);
    change();
    expect(fingerprint(folder)).toBe(before);
  });
});
