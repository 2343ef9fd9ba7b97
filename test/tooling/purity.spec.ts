import { execFileSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

interface Text {
  readonly path: string;
  readonly code: string;
}

const texts: Text[] = [];
let broken: readonly (readonly string[])[];

/** All texts are linted together, before the first test: to start the linter takes longer than all that it does. */
beforeAll(() => {
  broken = JSON.parse(
    execFileSync(process.execPath, [path.join(import.meta.dirname, 'lint-texts.mjs')], {
      cwd: root,
      input: JSON.stringify(texts),
      encoding: 'utf8',
    }),
  );
}, 60_000);

/** To be asked while tests are described. @returns what tells, in a test, the rules that each of the texts breaks */
function rulesBrokenBy(asked: readonly Text[]): () => readonly (readonly string[])[] {
  const end = texts.push(...asked);
  return () => broken.slice(end - asked.length, end);
}

const CONTEXTS = ['registry', 'delivery', 'signals', 'monitoring', 'simulation'];

const IMPURE: Readonly<Record<string, readonly string[]>> = {
  'no-restricted-properties': [
    'export const a = Date.now();',
    'export const a = Math.random();',
    "export const a = Date['now']();",
  ],
  'no-restricted-syntax': [
    'export const a = new Date();',
    'export const a = Date();',
    'const { now } = Date;\nexport const a = now();',
    "export const a = import('./other.js');",
  ],
  'no-restricted-globals': [
    'export const a = process.env;',
    "export const a = fetch('http://localhost');",
    'export const a = setTimeout(String, 1);',
    'export const a = setInterval(String, 1);',
    "console.log('a');",
    'export const a = crypto.randomUUID();',
    'export const a = performance.now();',
    'export const a = globalThis.Date.now();',
  ],
  'no-restricted-imports': [
    "import fs from 'node:fs';\nexport const a = fs;",
    "import { readFile } from 'fs/promises';\nexport const a = readFile;",
    "import net from 'node:net';\nexport const a = net;",
    "import http from 'http';\nexport const a = http;",
    "import { randomUUID } from 'node:crypto';\nexport const a = randomUUID;",
    "import { randomUUID } from 'crypto';\nexport const a = randomUUID;",
    "import { Injectable } from '@nestjs/common';\nexport const a = Injectable;",
    "import { CommandBus } from '@nestjs/cqrs';\nexport const a = CommandBus;",
    "import pg from 'pg';\nexport const a = pg;",
    "export * from 'node:os';",
  ],
};

const PURE = [
  "export const a = new Date('2024-01-01');",
  'export const a = new Date(0).toISOString();',
  'export const a = Math.max(1, 2);',
  "import { z } from 'zod';\nexport const a = z.string();",
  "import { Temporal } from 'temporal-polyfill';\nexport const a = Temporal.Instant.from('2024-01-01T00:00Z');",
  "import type { ContactRecorded } from '@cairn/delivery/events';\nexport type A = ContactRecorded;",
];

const inContexts = (codes: readonly string[]) =>
  CONTEXTS.flatMap((context) => codes.map((code) => ({ path: `libs/${context}/src/deliberate.ts`, code })));

describe('purity rules', () => {
  for (const [rule, codes] of Object.entries(IMPURE)) {
    const impure = inContexts(codes);
    const rules = rulesBrokenBy(impure);
    it(`${rule} notices each violation in each context`, () => {
      expect(rules().flatMap((each, index) => (each.includes(rule) ? [] : [impure[index]]))).toEqual([]);
    });
  }

  const pure = inContexts(PURE);
  const complaints = rulesBrokenBy(pure);
  it('says nothing about pure code', () => {
    expect(complaints().flatMap((rules, index) => (rules.length === 0 ? [] : [[pure[index], rules]]))).toEqual([]);
  });

  const kernel = (code: string) => ({ path: 'libs/event-sourcing/src/deliberate.ts', code });
  const inKernel = rulesBrokenBy([
    kernel("import { createHash } from 'node:crypto';\nexport const a = createHash('sha1');"),
    kernel("import { randomUUID } from 'node:crypto';\nexport const a = randomUUID();"),
    kernel("import * as crypto from 'node:crypto';\nexport const a = crypto;"),
    kernel('export const a = Date.now();'),
    kernel("import fs from 'node:fs';\nexport const a = fs;"),
  ]);
  it('holds for the kernel, which may hash and nothing else', () => {
    const [hash, random, both, clock, file] = inKernel();
    expect(hash).toEqual([]);
    expect(random).toContain('no-restricted-imports');
    expect(both).toContain('no-restricted-imports');
    expect(clock).toContain('no-restricted-properties');
    expect(file).toContain('no-restricted-imports');
  });

  const audit = (code: string) => ({ path: 'libs/audit/src/deliberate.ts', code });
  const inAudit = rulesBrokenBy([
    audit("import { hash, sign } from 'node:crypto';\nexport const a = [hash, sign];"),
    audit("import { generateKeyPairSync } from 'node:crypto';\nexport const a = generateKeyPairSync;"),
    audit('export const a = Date.now();'),
  ]);
  it('holds for audit, which may hash and sign as well', () => {
    const [signed, random, clock] = inAudit();
    expect(signed).toEqual([]);
    expect(random).toContain('no-restricted-imports');
    expect(clock).toContain('no-restricted-properties');
  });

  const places = [
    'apps/api/src/configuration.ts',
    'apps/api/src/main.ts',
    'apps/projector/src/health.ts',
    'libs/platform/src/pool.ts',
  ];
  const atPlaces = rulesBrokenBy(places.map((each) => ({ path: each, code: "export const a = process.env['PORT'];" })));
  it('lets the environment be read in the configuration file of an app and nowhere else', () => {
    const [configuration, ...others] = atPlaces();
    expect(configuration).toEqual([]);
    for (const rules of others) expect(rules).toContain('no-restricted-properties');
  });

  const inSpec = rulesBrokenBy([
    { path: 'libs/delivery/src/deliberate.spec.ts', code: 'export const a = Math.random();' },
  ]);
  it('keeps luck that cannot be repeated out of the tests', () => {
    expect(inSpec()[0]).toContain('no-restricted-properties');
  });
});
