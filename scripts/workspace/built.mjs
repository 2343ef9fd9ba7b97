import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { marks } from './installed.mjs';
import { suitableNode, withFirstOnPath } from './node-runtime.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';

/** Made by the build, or of no interest to it. */
const NOT_SOURCE = new Set(['node_modules', 'dist', 'types', 'generated']);

/**
 * Builds what is stale. Whether anything is, is told from the sources' names, sizes and times, which takes milliseconds
 * where asking nx takes seconds; what exactly is stale is then nx's to say.
 * @param {{ quiet?: boolean }} [options] `quiet` says nothing unless the build fails
 */
export async function ensureBuilt({ quiet = false } = {}) {
  const sources = fingerprint();
  const mark = path.join(marks(), 'built');
  if (readIfThere(mark) === sources && workspaces().every((folder) => fs.existsSync(path.join(folder, 'dist')))) return;
  if (!quiet) console.log('Building …');
  const node = suitableNode();
  const { code, output } = await run('nx', ['run-many', '-t', 'build'], {
    quiet: true,
    env: withFirstOnPath(node),
  });
  if (code !== 0) throw new Error(`${output}\nThe build failed with exit code ${code}; its messages are above.`);
  fs.mkdirSync(marks(), { recursive: true });
  fs.writeFileSync(mark, sources);
}

/** Changes when any file that a build reads is added, removed or written. */
export function fingerprint(top = root) {
  const hash = createHash('sha256');
  const note = (file, stat) => hash.update(`${path.relative(top, file)}\0${stat.size}\0${stat.mtimeMs}\n`);
  for (const name of ['package-lock.json', 'tsconfig.base.json', 'nx.json'])
    note(path.join(top, name), fs.statSync(path.join(top, name)));
  const walk = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (NOT_SOURCE.has(entry.name)) continue;
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (!entry.name.endsWith('.spec.ts')) note(file, fs.statSync(file));
    }
  };
  for (const folder of workspaces(top)) walk(folder);
  return hash.digest('hex');
}

function workspaces(top = root) {
  return ['libs', 'apps'].flatMap((kind) => {
    const folder = path.join(top, kind);
    const names = fs.readdirSync(folder).sort();
    return names
      .map((name) => path.join(folder, name))
      .filter((each) => fs.existsSync(path.join(each, 'package.json')));
  });
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
