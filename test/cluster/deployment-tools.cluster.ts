import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { KUBERNETES, faultsOf, manifestsIn, type Manifest } from '../support/kubernetes.js';
import { kubernetesPolicies } from '../support/kubernetes-policies.js';
import { repository } from '../support/launched-cairn.js';
import { PROMETHEUS, rules } from '../support/monitoring.js';
import { brokenBy } from '../support/policies.js';

/*
 * What will read the files of the deployment reads them here: promtool, HAProxy, Kustomize. They are fetched where they are
 * missing; where they cannot be, the tests fail in words.
 */

const { findHaproxy, findKubectl, findPromtool } = await import(path.join(repository, 'scripts/deployment/tools.mjs'));
const execute = promisify(execFile);
const LIMIT = 300_000;

interface Tool {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @returns its exit code and all that it wrote */
async function run({ command, env }: Tool, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  try {
    const { stdout, stderr } = await execute(command, args, {
      env: { ...process.env, ...env, ...more },
      maxBuffer: 1 << 26,
    });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-tools-'))));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const written = (name: string, text: string): string => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return file;
};

describe('promtool', () => {
  let promtool: Tool;
  beforeAll(async () => (promtool = await findPromtool()), LIMIT);
  const at = (name: string): string => path.join(PROMETHEUS, name);

  it('takes the settings and the rules', async () => {
    expect(await run(promtool, ['check', 'config', at('prometheus.yml')])).toMatchObject({ code: 0 });
    expect(await run(promtool, ['check', 'rules', '--lint-fatal', at('cairn.rules.yml')])).toMatchObject({
      code: 0,
      said: expect.stringContaining(`${rules().length} rules found`),
    });
  });

  it('finds that the rules fire when they should, and not when they should not', async () => {
    expect(await run(promtool, ['test', 'rules', at('cairn.rules.test.yml')])).toMatchObject({ code: 0 });
  });

  it('would find what is wrong: in an expression, and in what a rule does', async () => {
    const text = fs.readFileSync(at('cairn.rules.yml'), 'utf8');
    const odd = written('odd.yml', text.replace('max(cairn_watch_halted) > 0', 'max(cairn_watch_halted > 0'));
    expect((await run(promtool, ['check', 'rules', odd])).code).not.toBe(0);
    written(
      'cairn.rules.yml',
      text.replace('cairn_projection_lag_seconds) > 60', 'cairn_projection_lag_seconds) > 600'),
    );
    const tests = written('other.test.yml', fs.readFileSync(at('cairn.rules.test.yml'), 'utf8'));
    expect(await run(promtool, ['test', 'rules', tests])).toMatchObject({
      code: 1,
      said: expect.stringContaining('CairnProjectionBehind'),
    });
  });
});

describe('HAProxy', () => {
  let haproxy: Tool;
  let pem: string;
  beforeAll(async () => {
    haproxy = await findHaproxy();
    const [key, certificate] = [path.join(folder, 'key'), path.join(folder, 'crt')];
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=cairn.localhost'];
    await execute('openssl', ['req', '-x509', ...ec, '-days', '1', '-keyout', key, '-out', certificate]);
    pem = written('tls.pem', fs.readFileSync(certificate, 'utf8') + fs.readFileSync(key, 'utf8'));
  }, LIMIT);

  const variables = { CAIRN_PORT: '8443', CAIRN_DOMAIN: 'cairn.localhost' };
  const settings = (): string =>
    fs.readFileSync(path.join(repository, 'infra/compose/haproxy.cfg'), 'utf8').replace('/run/secrets/tls.pem', pem);

  it('takes the settings of the proxy, without a warning', async () => {
    const { code, said } = await run(haproxy, ['-c', '-f', written('haproxy.cfg', settings())], variables);
    expect({ code, warnings: said.split('\n').filter((line) => /WARNING|ALERT/.test(line)) }).toEqual({
      code: 0,
      warnings: [],
    });
  });

  it('would find what is wrong', async () => {
    const odd = written('odd.cfg', settings().replace('balance leastconn', 'balance leastcon'));
    expect((await run(haproxy, ['-c', '-f', odd], variables)).code).not.toBe(0);
  });
});

describe('Kustomize', () => {
  let kubectl: Tool;
  let built: readonly Manifest[];
  beforeAll(async () => {
    kubectl = await findKubectl();
    const { code, said } = await run(kubectl, ['kustomize', path.join(KUBERNETES, 'overlays/example')]);
    expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
    built = manifestsIn(said);
  }, LIMIT);

  it('puts together what Kubernetes takes and every policy allows', async () => {
    expect((await Promise.all(built.map(faultsOf))).flat()).toEqual([]);
    expect(brokenBy(kubernetesPolicies, built)).toEqual([]);
  });

  it('puts everything into one namespace, with images of the registry that is named', () => {
    const outside = built.filter(({ kind, metadata }: any) => kind !== 'Namespace' && metadata.namespace !== 'cairn');
    expect(outside).toEqual([]);
    const images = built.flatMap(({ spec }) => spec?.template?.spec?.containers?.map(({ image }: any) => image) ?? []);
    expect(images.every((image: string) => image.startsWith('registry.example/cairn/cairn-'))).toBe(true);
    expect(images).toHaveLength(4);
  });

  it('gives the services their settings under a name that changes with them', () => {
    const settings = built.find(({ kind }) => kind === 'ConfigMap')!;
    expect(settings.metadata.name).toMatch(/^cairn-settings-\w{10}$/);
    const used = built.flatMap(({ spec }) =>
      (spec?.template?.spec?.containers ?? []).flatMap(({ envFrom = [] }: any) =>
        envFrom.map((each: any) => each.configMapRef.name),
      ),
    );
    expect(used).toEqual([settings.metadata.name, settings.metadata.name, settings.metadata.name]);
  });

  it('would find what is wrong', async () => {
    const odd = path.join(folder, 'overlay');
    fs.mkdirSync(odd);
    fs.writeFileSync(path.join(odd, 'kustomization.yaml'), 'resources: [not-there.yaml]\n');
    expect((await run(kubectl, ['kustomize', odd])).code).not.toBe(0);
  });
});
