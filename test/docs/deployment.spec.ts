import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { givenSettings } from '@cairn/platform/settings';
import { parse } from 'yaml';
import { writtenManifests } from '../support/kubernetes.js';
import { rules } from '../support/monitoring.js';
import { pageText, repository, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/deployment.md');

it('names files that there are', () => {
  const named = [...page.matchAll(/`((?:infra|test|docs)\/[\w./*-]+|docker-compose\.yml|\.env\.example)`/g)].map(
    ([, file]) => file!,
  );
  // What make-secrets.mjs makes is in no tree.
  const kept = named.filter((file) => !file.startsWith('infra/compose/secrets'));
  expect(kept.length).toBeGreaterThan(10);
  expect(kept.filter((file) => fs.globSync(file, { cwd: repository }).length === 0)).toEqual([]);
});

it('names every secret that can be a file, and no other', () => {
  const named = [
    ...new Set([...sectionOf(page, 'Settings and secrets').matchAll(/`(\w+_FILE)`/g)].map(([, name]) => name!)),
  ];
  const nowhere = Object.fromEntries(named.map((name) => [name, '/not/there']));
  expect(
    givenSettings(nowhere)
      .mistakes.map((line) => line.split(':')[0])
      .toSorted(),
  ).toEqual(named.toSorted());
  const source = fs.readFileSync(path.join(repository, 'libs/platform/src/settings.ts'), 'utf8');
  const [, list] = /const SECRETS = \[([^]*?)\]/.exec(source)!;
  expect(named.toSorted()).toEqual([...list!.matchAll(/'(\w+)'/g)].map(([, name]) => `${name!}_FILE`).toSorted());
});

it('says which files each Secret in Kubernetes has', () => {
  const told = rowsOf(sectionOf(page, 'Kubernetes')).filter(([name]) => name!.startsWith('`cairn-'));
  const asked = writtenManifests()
    .filter(({ kind }) => ['Deployment', 'Job'].includes(kind))
    .map(({ spec }) => {
      const { volumes, containers } = spec.template.spec;
      const values: string[] = containers[0].env.map(({ value }: any) => value);
      const files = values.filter((value) => value.startsWith('/run/secrets/')).map((value) => path.basename(value));
      return [volumes.find(({ secret }: any) => secret).secret.secretName, files.toSorted()];
    });
  const namesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  expect(Object.fromEntries(told.map(([name, files]) => [namesIn(name!)[0], namesIn(files!).toSorted()]))).toEqual(
    Object.fromEntries(asked),
  );
});

it('names alerts that there are', () => {
  const named = [...page.matchAll(/`(Cairn[A-Z]\w+)`/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => !rules().some(({ alert }) => alert === name))).toEqual([]);
});

it('has a command that makes of the rules what the operator of Prometheus reads', () => {
  const [, command] = /^(\{ printf [^]*?\}) \| kubectl/m.exec(page)!;
  const made = parse(execFileSync('bash', ['-c', command!], { cwd: repository, encoding: 'utf8' })) as Record<
    string,
    unknown
  >;
  expect(made).toMatchObject({ kind: 'PrometheusRule', metadata: { name: 'cairn' } });
  const written = fs.readFileSync(path.join(repository, 'infra/prometheus/cairn.rules.yml'), 'utf8');
  expect(made['spec']).toEqual(parse(written));
});

it('has a command that raises the version in .env', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
  fs.copyFileSync(path.join(repository, '.env.example'), path.join(folder, '.env'));
  const [, command] = /&& (sed -i .*)$/m.exec(page)!;
  execFileSync('bash', ['-c', command!], { cwd: folder });
  expect(fs.readFileSync(path.join(folder, '.env'), 'utf8')).toMatch(/^CAIRN_VERSION=0\.2\.0$/m);
  fs.rmSync(folder, { recursive: true });
});

it('has names of variables for Docker’s builder that the Dockerfile takes', () => {
  const taken = fs.readFileSync(path.join(repository, 'infra/images/Dockerfile'), 'utf8');
  for (const [, name] of page.matchAll(/--build-arg (\w+)=/g)) expect(taken).toContain(`ARG ${name!}=`);
});
