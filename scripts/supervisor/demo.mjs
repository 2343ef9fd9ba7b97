import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from '../workspace/root.mjs';
import { run } from '../workspace/run.mjs';

const BUNDLE = inRoot('infra', 'demo', 'enrich');
/** How long the read models may take to show what was imported, in milliseconds. */
const SHOWN_WITHIN = 30_000;

/**
 * Loads the demo trial unless it is there. The product itself is asked, so that nothing has to be remembered beside it;
 * after an interrupted load the import simply runs again, because importing twice adds nothing.
 * @returns {Promise<string | undefined>} a sentence about what went wrong
 */
export async function loadDemo(url, isStopping) {
  if (await isLoaded(url)) return undefined;
  console.log('Loading the demo trial ENRICH (first start only) …');
  const cli = inRoot('apps', 'cli', 'dist', 'main.js');
  const { code } = await run(process.execPath, [cli, 'import', BUNDLE, '--tenant', 'enrich', '--url', url]);
  if (isStopping()) return undefined;
  if (code !== 0) return `The demo trial could not be loaded (exit code ${code}); Cairn runs without it.`;
  const deadline = Date.now() + SHOWN_WITHIN;
  while (!(await isLoaded(url))) {
    if (isStopping()) return undefined;
    if (Date.now() > deadline)
      return `The demo trial is imported, but not all of it is shown after ${SHOWN_WITHIN / 1000} s.`;
    await sleep(50);
  }
  return undefined;
}

/** All participants, and the fidelity of every assessed site, which comes last in a bundle. */
async function isLoaded(url) {
  const query = '{ trial(id: "enrich") { engagement { overall { randomised } sites { site { id } fidelity } } } }';
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cairn-tenant': 'enrich' },
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(10_000),
  });
  const engagement = (await response.json()).data?.trial?.engagement;
  if (!engagement) return false;
  const assessed = new Set(engagement.sites.filter((each) => each.fidelity !== null).map((each) => each.site.id));
  const sites = column('fidelity.csv', 'site_id');
  return (
    engagement.overall.randomised === column('participants.csv', 'site_id').length &&
    sites.every((site) => assessed.has(site))
  );
}

/** One column of the demo bundle, whose cells hold no quotes or commas. */
function column(file, name) {
  const [header, ...rows] = fs.readFileSync(`${BUNDLE}/${file}`, 'utf8').trim().split(/\r?\n/);
  const index = header.split(',').indexOf(name);
  return rows.map((row) => row.split(',')[index]);
}
