import fs from 'node:fs';
import { inRoot, root } from './root.mjs';
import { run } from './run.mjs';

/** Runs `npm ci` when node_modules is not what package-lock.json says. Throws a sentence for the user when it fails. */
export async function ensureInstalled() {
  const reason = whyNotInstalled();
  if (!reason) return;
  console.log(`Installing dependencies with npm ci (${reason}); this takes about half a minute …`);
  const started = performance.now();
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'];
  const { code } = await run(npm[0], [...npm.slice(1), ...options]);
  if (code !== 0)
    throw new Error(`npm ci ended with exit code ${code}; its own message is above. Nothing was started.`);
  console.log(`Installed in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

/**
 * npm writes what it installed into node_modules/.package-lock.json as its very last step, so comparing the two locks
 * also finds an interrupted install, and needs no stamp of ours.
 * @returns {string | undefined} the reason, in a few words
 */
export function whyNotInstalled(top = root) {
  const wanted = JSON.parse(fs.readFileSync(`${top}/package-lock.json`, 'utf8')).packages;
  const installed = readLock(`${top}/node_modules/.package-lock.json`);
  if (!installed) return 'nothing is installed yet';
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '') continue;
    const found = installed[name];
    if (!found && entry.optional) continue;
    if (!found || found.version !== entry.version || found.integrity !== entry.integrity) return `${name} has changed`;
  }
  const extra = Object.keys(installed).find((name) => !(name in wanted));
  return extra && `${extra} is no longer needed`;
}

function readLock(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** The folder in node_modules where the workspace keeps its own marks: gone with the next install, never committed. */
export const marks = () => inRoot('node_modules', '.cairn');
