// Copies what a service needs in order to run, beside its packages, out of a built repository into an empty folder: the
// Dockerfile does so to make an image, test/cluster/images.cluster.ts to run one's command without Docker.
//
//   node infra/images/assemble.mjs api /assembled/api
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const repository = path.resolve(import.meta.dirname, '../..');

/** Files that are read while running, beside the code, under the workspace that reads them. */
const READ = {
  'libs/platform': ['libs/platform/migrations'],
  'apps/api': ['apps/api/public', 'docs/asyncapi.yaml'],
};
/** The schema is read from where it is written. */
const SCHEMA = { 'apps/api': 'apps/api/src' };
const HEALTHCHECK = 'infra/images/healthcheck.mjs';

/**
 * What an image has beside node_modules, as paths in the repository.
 * @param {string} app the name of a folder of apps/
 * @returns {string[]} files, in order
 */
export function filesOf(app, root = repository) {
  const files = new Set(app === 'cli' ? [] : [HEALTHCHECK]);
  for (const workspace of workspacesOf(`apps/${app}`, root)) {
    files.add(`${workspace}/package.json`);
    for (const file of under(`${workspace}/dist`, root)) if (runs(file)) files.add(file);
    for (const each of READ[workspace] ?? []) for (const file of under(each, root)) files.add(file);
    if (SCHEMA[workspace]) {
      for (const file of under(SCHEMA[workspace], root)) if (file.endsWith('.graphql')) files.add(file);
    }
  }
  return [...files].sort();
}

/** Copies them into a folder, which is made. */
export function assemble(app, target, root = repository) {
  for (const file of filesOf(app, root)) {
    const copy = path.join(target, file);
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    fs.copyFileSync(path.join(root, file), copy);
  }
}

/** A workspace and all those of ours that it needs, however indirectly. */
function workspacesOf(workspace, root, found = new Set()) {
  if (found.has(workspace)) return found;
  found.add(workspace);
  const { dependencies = {} } = JSON.parse(fs.readFileSync(path.join(root, workspace, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    if (name.startsWith('@cairn/')) workspacesOf(`libs/${name.slice('@cairn/'.length)}`, root, found);
  }
  return found;
}

/** Code, and what tells its lines in stack traces; neither types nor specs nor their contracts. */
const runs = (file) => /\.js(\.map)?$/.test(file) && !/\.spec\.js/.test(file);

function under(name, root) {
  const place = path.join(root, name);
  if (!fs.statSync(place).isDirectory()) return [name];
  return fs.readdirSync(place).flatMap((each) => under(`${name}/${each}`, root));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , app, target] = process.argv;
  assemble(app, target);
}
