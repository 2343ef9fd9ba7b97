import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** A workspace of the product's packages and doors, in which each file holds the one import that is tried. */
function cruise(files: Readonly<Record<string, string>>): readonly string[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-boundaries-'));
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  try {
    fs.copyFileSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
    fs.mkdirSync(path.join(folder, 'node_modules/@cairn'), { recursive: true });
    for (const kind of ['libs', 'apps']) {
      for (const name of fs.readdirSync(path.join(root, kind))) {
        const manifest = fs.readFileSync(path.join(root, kind, name, 'package.json'), 'utf8');
        write(`${kind}/${name}/package.json`, manifest);
        fs.symlinkSync(path.join(folder, kind, name), path.join(folder, 'node_modules/@cairn', name));
        const doors = Object.values<string | Record<string, string>>(JSON.parse(manifest).exports ?? {});
        for (const door of doors)
          if (typeof door === 'object') write(`${kind}/${name}/${door['@cairn/source']}`, 'export const door = 1;\n');
      }
    }
    for (const name of ['pg', 'fast-check', 'zod']) {
      fs.symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
    }
    for (const [file, text] of Object.entries(files)) write(file, text);
    const depcruise = path.join(root, 'node_modules/.bin/depcruise');
    const config = path.join(root, '.dependency-cruiser.js');
    const command = [
      '--config',
      config,
      '--output-type',
      'json',
      ...['apps', 'libs', 'test'].filter((each) => fs.existsSync(path.join(folder, each))),
    ];
    const report = execFileSync(process.execPath, [depcruise, ...command], { cwd: folder, encoding: 'utf8' });
    const violations: readonly Violation[] = JSON.parse(report).summary.violations;
    return violations.map(({ rule, from }) => `${rule.name}: ${from}`);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const importing = (specifier: string) => `import { door } from '${specifier}';\nexport const used = door;\n`;

const VIOLATIONS: readonly (readonly [rule: string, file: string, specifier: string])[] = [
  ['kernel-uses-nothing', 'libs/event-sourcing/src/a.ts', '@cairn/registry'],
  ['kernel-uses-nothing', 'libs/event-sourcing/src/b.ts', '@cairn/platform'],
  ['context-uses-kernel-only', 'libs/registry/src/a.ts', '@cairn/delivery'],
  ['context-uses-kernel-only', 'libs/delivery/src/a.ts', '@cairn/registry'],
  ['context-uses-kernel-only', 'libs/delivery/src/b.ts', '@cairn/platform'],
  ['context-uses-kernel-only', 'libs/access/src/a.ts', '@cairn/registry'],
  ['context-uses-kernel-only', 'libs/registry/src/b.ts', '../../../apps/api/src/app.js'],
  ['monitoring-reads-published-shapes-only', 'libs/monitoring/src/a.ts', '@cairn/delivery'],
  ['monitoring-reads-published-shapes-only', 'libs/monitoring/src/b.ts', '@cairn/registry'],
  ['monitoring-reads-published-shapes-only', 'libs/monitoring/src/c.ts', '@cairn/platform'],
  ['platform-uses-kernel-only', 'libs/platform/src/a.ts', '@cairn/monitoring'],
  ['platform-uses-kernel-only', 'libs/platform/src/b.ts', '@cairn/delivery/events'],
  ['no-app-to-app', 'apps/cli/src/a.ts', '../../api/src/app.js'],
  ['packages-by-name', 'apps/api/src/b.ts', '../../../libs/delivery/src/inside.js'],
  ['packages-by-name', 'libs/monitoring/src/d.ts', '../../delivery/src/events.js'],
  ['resolvable', 'apps/api/src/c.ts', '@cairn/delivery/src/inside.js'],
  ['resolvable', 'apps/api/src/d.ts', '@cairn/delivery/dist/inside.js'],
  ['product-without-tests-and-scripts', 'apps/api/src/e.ts', '../../../test/support/rounds.js'],
  ['no-development-packages', 'apps/api/src/f.ts', 'fast-check'],
  ['context-without-frameworks', 'libs/delivery/src/c.ts', 'pg'],
  ['no-circles', 'apps/api/src/circle-a.ts', './circle-b.js'],
];

const ALLOWED: readonly (readonly [file: string, specifier: string])[] = [
  ['libs/registry/src/z.ts', '@cairn/event-sourcing'],
  ['libs/delivery/src/z.ts', 'zod'],
  ['libs/monitoring/src/y.ts', '@cairn/delivery/events'],
  ['libs/monitoring/src/z.ts', '@cairn/registry/protocol'],
  ['libs/platform/src/z.ts', 'pg'],
  ['libs/delivery/src/z.spec.ts', 'fast-check'],
  ['apps/api/src/z.ts', '@cairn/platform'],
  ['apps/projector/src/z.ts', '@cairn/monitoring'],
  ['test/z.ts', '../apps/api/src/app.js'],
];

const STANDING = {
  'apps/api/src/app.ts': 'export const door = 1;\n',
  'apps/api/src/circle-b.ts': importing('./circle-a.js'),
  'libs/delivery/src/inside.ts': 'export const door = 1;\n',
  'test/support/rounds.ts': 'export const door = 1;\n',
};

describe('module boundaries', () => {
  let found: readonly string[];
  beforeAll(() => {
    const tried = [...VIOLATIONS.map(([, file, specifier]) => [file, specifier] as const), ...ALLOWED];
    found = cruise({
      ...STANDING,
      ...Object.fromEntries(tried.map(([file, specifier]) => [file, importing(specifier)])),
    });
  });

  it.each(VIOLATIONS)('%s: %s must not import %s', (rule, file) => {
    expect(found).toContain(`${rule}: ${file}`);
  });

  it.each(ALLOWED)('%s may import %s', (file) => {
    expect(found.filter((each) => each.endsWith(`: ${file}`))).toEqual([]);
  });

  it('has a violation for every rule', async () => {
    const config = await import(path.join(root, '.dependency-cruiser.js'));
    const rules: string[] = config.default.forbidden.map((each: { readonly name: string }) => each.name);
    expect(rules.filter((rule) => !VIOLATIONS.some(([tried]) => tried === rule))).toEqual([]);
  });
});
