import fs from 'node:fs';
import { inRoot, root } from './root.mjs';
import { run } from './run.mjs';

/** Jest needs 24.9 to require ES modules; the product is built and tested on this line only. */
const OLDEST = [24, 9];

/** The Node that the lock file pins, or undefined where its package was not made for this machine. */
export function pinnedNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const file = inRoot('node_modules', `node-${system}-${process.arch}`, 'bin', binary);
  return fs.existsSync(file) ? file : undefined;
}

/** @returns {boolean} whether a version such as "24.21.0" is new enough */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** The Node to go on with; throws a sentence for the user when there is none. */
export function suitableNode() {
  const pinned = pinnedNode();
  if (pinned) return pinned;
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new Error(
    `Cairn runs on Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}, and there is no packaged Node for ` +
      `${process.platform}-${process.arch} in node_modules. Install a newer Node, or run npm ci without --omit=optional.`,
  );
}

/**
 * Sees that the script which calls this runs on a suitable Node: returns when it does; otherwise runs the same script
 * with the same arguments on the suitable one and ends with its exit code.
 */
export async function continueOnSuitableNode() {
  const node = suitableNode();
  if (fs.realpathSync(node) === fs.realpathSync(process.execPath)) return;
  const { code } = await run(node, process.argv.slice(1), {
    ipc: true,
    cwd: process.cwd(),
    env: withFirstOnPath(node),
  });
  process.exit(code);
}

/** An environment in which `node` and the workspace's tools are this Node and these tools, also for grandchildren. */
export function withFirstOnPath(node, env = process.env) {
  const separator = process.platform === 'win32' ? ';' : ':';
  const folders = [node.replace(/[\\/][^\\/]+$/, ''), `${root}/node_modules/.bin`, env.PATH ?? ''];
  // nx would otherwise leave helpers behind for half a minute when it is killed.
  return { ...env, PATH: folders.join(separator), NX_ISOLATE_PLUGINS: 'false', NX_DAEMON: 'false' };
}
