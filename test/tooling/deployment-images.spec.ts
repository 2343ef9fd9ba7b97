import fs from 'node:fs';
import path from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { imageOf, type Stage, stagesOf } from '../support/dockerfile.js';
import { brokenBy, isPinned, isSecretVariable, type Policy } from '../support/policies.js';

const repository = path.resolve(import.meta.dirname, '../..');
const { filesOf } = await import(path.join(repository, 'infra/images/assemble.mjs'));

const textOf = (name: string): string => fs.readFileSync(path.join(repository, 'infra/images', name), 'utf8');
const FILES = ['Dockerfile', 'keycloak.Dockerfile'];
const TARGETS = ['api', 'projector', 'alerter', 'cli'];

/** Of the last stage of a file, and of those that are images. */
const words = (stage: Stage, keyword: string): readonly string[] =>
  stage.instructions
    .filter((each) => each.getKeyword() === keyword)
    .flatMap((each) => each.getArguments().map((word) => word.getValue()));

const policies: readonly Policy<string>[] = [
  {
    name: 'base images are pinned',
    broken: (text) => {
      const given = Object.fromEntries(
        [...text.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)].map(([, name, image]) => [`\${${name!}}`, image!]),
      );
      const stages = stagesOf(text);
      const own = new Set(stages.map(({ name }) => name));
      return stages.map(({ from }) => given[from] ?? from).filter((from) => !own.has(from) && !isPinned(from));
    },
  },
  {
    name: 'no secret goes into a layer',
    broken: (text) =>
      stagesOf(text).flatMap((stage) =>
        [...words(stage, 'ENV'), ...words(stage, 'ARG')].filter((word) => isSecretVariable(word.split('=')[0]!)),
      ),
  },
  {
    name: 'nothing is fetched past the package manager',
    broken: (text) => stagesOf(text).flatMap((stage) => words(stage, 'ADD')),
  },
  {
    name: 'nothing is run as root in the end',
    broken: (text) => {
      const last = [...text.matchAll(/^USER (\S+)$/gm)].at(-1)?.[1] ?? 'root';
      return /^[1-9]\d*:[1-9]\d*$/.test(last) ? [] : [last];
    },
  },
  {
    name: 'commands are lists, so that signals reach the process and no shell',
    broken: (text) => text.split('\n').filter((line) => /^(CMD|ENTRYPOINT) /.test(line) && !/^\w+ \[.*\]$/.test(line)),
  },
  {
    name: 'packages are those of the lock file, and run nothing when they are installed',
    broken: (text) => {
      const installs = text.split('\n').filter((line) => /\bnpm (ci|install|i)\b/.test(line));
      const scripts = installs.length > 0 && !text.includes('npm_config_ignore_scripts=true');
      return [...installs.filter((line) => !/\bnpm ci\b/.test(line)), ...(scripts ? ['install scripts'] : [])];
    },
  },
];

describe.each(FILES)('%s', (name) => {
  it('is a Dockerfile without a warning', () => {
    expect(validate(textOf(name)).map(({ message, range }) => `${range.start.line + 1}: ${String(message)}`)).toEqual(
      [],
    );
  });

  it('keeps to every policy', () => {
    expect(brokenBy(policies, textOf(name))).toEqual([]);
  });
});

it.each([
  ['base images are pinned', 'FROM node:latest'],
  ['base images are pinned', 'FROM node'],
  ['no secret goes into a layer', 'FROM node:24.1\nENV DATABASE_URL=postgres://u:p@h/d'],
  ['nothing is fetched past the package manager', 'FROM node:24.1\nADD https://example.org/x /x'],
  ['nothing is run as root in the end', 'FROM node:24.1\nUSER node:node\nUSER 0:0'],
  ['commands are lists, so that signals reach the process and no shell', 'FROM node:24.1\nCMD node main.js'],
  ['packages are those of the lock file, and run nothing when they are installed', 'FROM node:24.1\nRUN npm install'],
])('the policy "%s" finds what breaks it', (name, text) => {
  expect(brokenBy(policies, text).filter((line) => line.startsWith(`${name}: `))).not.toEqual([]);
});

it('finds what is no Dockerfile', () => {
  expect(validate('FROM node:24.1\nCPY a b')).not.toEqual([]);
});

describe.each(TARGETS)('the image %s', (target) => {
  const files: readonly string[] = filesOf(target);

  it('has the file that its command runs, and of our code nothing that others run', () => {
    const { command, entrypoint } = imageOf(target);
    const script = [...entrypoint, ...command].find((word) => word.endsWith('.js'))!;
    expect(files).toContain(script);
    expect(files.filter((file) => file.startsWith('apps/') && !file.startsWith(`apps/${target}/`))).toEqual([]);
  });

  it('has nothing that was not built, and nothing secret', () => {
    const odd = files.filter((file) => !/\.(js|js\.map|mjs|sql|graphql|html|css|yaml)$|\/package\.json$/.test(file));
    expect(odd).toEqual([]);
    expect(
      files.filter((file) => /\.spec\.|secret|\.env|issuer\.json/.test(path.basename(file)) && !/dist/.test(file)),
    ).toEqual([]);
  });

  it('says whether it is well, unless it ends by itself', () => {
    const { healthcheck, environment, user, stopSignal } = imageOf(target);
    expect({ user, stopSignal }).toEqual({ user: '10001:10001', stopSignal: 'SIGTERM' });
    const port = environment['PORT'] ?? environment['PROJECTOR_PORT'] ?? environment['ALERTER_PORT'];
    expect(healthcheck?.at(-1)).toBe(target === 'cli' ? undefined : `http://127.0.0.1:${String(port)}/ready`);
  });
});

it('sends the builder every workspace, whose list is the one of npm', () => {
  const build = stagesOf(textOf('Dockerfile')).find(({ name }) => name === 'build')!;
  const copied = words(build, 'COPY').filter((word) => word.endsWith('/package.json'));
  const workspaces = ['apps', 'libs'].flatMap((kind) =>
    fs.readdirSync(path.join(repository, kind)).map((name) => `${kind}/${name}/package.json`),
  );
  expect(new Set(copied)).toEqual(new Set(workspaces));
});

it('sends the builder no secret, no history and nothing that was built elsewhere', () => {
  const lines = fs.readFileSync(path.join(repository, '.dockerignore'), 'utf8').split('\n');
  // Everything is left out but what is named, and of that what is made.
  expect(lines.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
  const taken = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(taken.filter((name) => /^(\.|infra$|infra\/compose|node_modules|test)/.test(name))).toEqual([]);
  expect(lines).toEqual(expect.arrayContaining(['**/node_modules', '**/dist']));
  const sources = DockerfileParser.parse(textOf('Dockerfile'))
    .getCOPYs()
    .filter((copy) => !copy.getFlags().some((flag) => flag.getName() === 'from'))
    .flatMap((copy) => copy.getArguments().slice(0, -1))
    .map((word) => word.getValue());
  for (const source of sources) {
    expect(taken.some((name) => source === name || source.startsWith(`${name}/`))).toBe(true);
  }
});
