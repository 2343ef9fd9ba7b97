import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from './launched-cairn.js';

const execute = promisify(execFile);
const SERVICES = ['api', 'projector', 'alerter'] as const;

/** The product as it was at a commit, built, beside the one that is tested. */
export interface Checkout {
  readonly root: string;
  readonly commit: string;
  remove(): Promise<void>;
}

/** The version with 0.1.0's first twelve migrations, before instances shared their work. To be moved on with each release. */
const RELEASED = 'a20fb8420349a34dfaeb6a497cdedd3ca9117a75';

/**
 * The version that installations upgrade from: the released one. CAIRN_UPGRADE_FROM names another one.
 * @throws Error with a sentence where the history is not there
 */
export async function versionBefore(): Promise<string> {
  const wanted = process.env['CAIRN_UPGRADE_FROM'] || RELEASED;
  return git('rev-parse', '--verify', `${wanted}^{commit}`).catch(() => {
    throw new Error(
      `An upgrade is tested from the version ${wanted}, which this clone does not have: git fetch --unshallow, or name a commit in ` +
        'CAIRN_UPGRADE_FROM.',
    );
  });
}

/** Takes seconds: packages are those of this checkout, and only the services are built. */
export async function checkOut(commit: string): Promise<Checkout> {
  const root = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-version-')), 'cairn');
  const remove = async (): Promise<void> => {
    await fs.rm(path.dirname(root), { recursive: true, force: true });
    await git('worktree', 'prune').catch(() => undefined);
  };
  try {
    await git('worktree', 'add', '--detach', '--force', root, commit);
    await linkPackages(root);
    await run(root, process.execPath, 'apps/api/scripts/generate.js');
    await run(root, path.join(repository, 'node_modules/.bin/tsc'), '-b', ...SERVICES.map((name) => `apps/${name}`));
    return { root, commit, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Everybody else's as they are here, and Cairn's own of that checkout. */
async function linkPackages(root: string): Promise<void> {
  const [from, to] = [path.join(repository, 'node_modules'), path.join(root, 'node_modules')];
  await fs.mkdir(path.join(to, '@cairn'), { recursive: true });
  for (const name of await fs.readdir(from)) {
    if (name !== '@cairn') await fs.symlink(path.join(from, name), path.join(to, name));
  }
  for (const kind of ['apps', 'libs']) {
    for (const folder of await fs.readdir(path.join(root, kind))) {
      const file = path.join(root, kind, folder, 'package.json');
      const text = await fs.readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const { name } = JSON.parse(text) as { name: string };
      await fs.symlink(path.join(root, kind, folder), path.join(to, name));
    }
  }
}

/** @throws Error with what it wrote */
async function run(cwd: string, command: string, ...args: readonly string[]): Promise<void> {
  const environment = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` };
  await execute(command, args, { cwd, env: environment, maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
    const { message, stdout, stderr } = error as { message: string; stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}: ${message}\n${stdout}\n${stderr}`);
  });
}

const git = async (...args: readonly string[]): Promise<string> =>
  (await execute('git', ['-C', repository, ...args])).stdout.trim();
