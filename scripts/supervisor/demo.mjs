import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from '../workspace/root.mjs';
import { run } from '../workspace/run.mjs';
import { askingAs, Refused } from './asking.mjs';
import { demoBundle, demoTenants } from './demo-tenants.mjs';

/** How long the read models may take to show what was imported, in milliseconds. */
const SHOWN_WITHIN = 30_000;
const YEAR = 365 * 86_400_000;

/**
 * Loads the tenants of the demo unless they are there: people with their roles, and a trial each. The product itself is
 * asked, so that nothing has to be remembered beside it; after an interruption everything is simply given again, which
 * adds only what is missing.
 * @param {object} content of the issuer's file
 * @returns {Promise<readonly string[]>} sentences about what went wrong
 */
export async function loadDemo(url, content, isStopping) {
  const troubles = [];
  for (const demo of demoTenants) {
    if (isStopping()) return [];
    try {
      await loadTenant(demo, url, content, isStopping);
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof Trouble)) throw error;
      troubles.push(`The demo tenant ${demo.tenant} could not be loaded: ${error.message}`);
    }
  }
  return isStopping() ? [] : troubles;
}

class Trouble extends Error {}

async function loadTenant(demo, url, content, isStopping) {
  const [administrator, manager] = await Promise.all(
    [demo.administrator, demo.manager].map(({ person }) => askingAs(url, content, person)),
  );
  if ((await haveRoles(demo, administrator)) && (await isShown(demo, manager))) return;
  console.log(`Loading the demo tenant ${demo.tenant} (first start only) …`);
  await administrator.give('registerTenant', { name: demo.name });
  await giveRole(administrator, { ...demo.manager, role: 'trial_manager' });
  if (!(await isShown(demo, manager))) {
    const cli = inRoot('apps', 'cli', 'dist', 'main.js');
    const env = { ...process.env, CAIRN_TOKEN: manager.token };
    const { code } = await run(process.execPath, [cli, 'import', demoBundle(demo), '--url', url], { env });
    if (isStopping()) return;
    if (code !== 0) throw new Trouble(`its import ended with exit code ${code}.`);
  }
  // Roles are given where they are held, so sites and workers come first.
  for (const { years, name, person, role, site, worker } of [...demo.people, ...demo.machines]) {
    const until = years && new Date(Date.now() + years * YEAR).toISOString();
    await giveRole(administrator, { person, name, role, trial: demo.trial, site, worker, until });
    if (isStopping()) return;
  }
  const deadline = Date.now() + SHOWN_WITHIN;
  while (!(await isShown(demo, manager))) {
    if (isStopping()) return;
    if (Date.now() > deadline) throw new Trouble(`not all of its trial is shown after ${SHOWN_WITHIN / 1000} s.`);
    await sleep(50);
  }
}

async function giveRole(administrator, { name, ...assignment }) {
  const { person } = assignment;
  await administrator.give('registerPerson', { person, name });
  try {
    await administrator.give('assignRole', { assignment: `demo ${person}`, ...assignment });
  } catch (error) {
    // It was given before, with another end or by a user who has revoked it since.
    if (error.code !== 'ASSIGNMENT_EXISTS') throw error;
  }
}

/** Whether everybody was given their role. */
async function haveRoles({ administrator: _, manager, people, machines }, administrator) {
  const query = '{ people(first: 100) { edges { node { id assignments { id } } } } }';
  try {
    const { people: known } = await administrator.ask(query);
    const assigned = new Set(known.edges.flatMap(({ node }) => node.assignments.map(({ id }) => id)));
    return [manager, ...people, ...machines].every(({ person }) => assigned.has(`demo ${person}`));
  } catch (error) {
    // In a tenant that is yet to be registered nobody may ask this.
    if (error.code === 'FORBIDDEN') return false;
    throw error;
  }
}

/** All participants, and the fidelity of every assessed site, which comes last in a bundle. */
async function isShown(demo, manager) {
  const query =
    'query ($trial: ID!) { trial(id: $trial) { engagement { overall { randomised } sites { site { id } fidelity } } } }';
  const engagement = (await manager.ask(query, { trial: demo.trial })).trial?.engagement;
  if (!engagement) return false;
  const assessed = new Set(engagement.sites.filter((each) => each.fidelity !== null).map((each) => each.site.id));
  return (
    engagement.overall.randomised === column(demo, 'participants.csv', 'site_id').length &&
    column(demo, 'fidelity.csv', 'site_id').every((site) => assessed.has(site))
  );
}

/** One column of the demo bundle, whose cells hold no quotes or commas. */
function column(demo, file, name) {
  const [header, ...rows] = fs
    .readFileSync(`${demoBundle(demo)}/${file}`, 'utf8')
    .trim()
    .split(/\r?\n/);
  const index = header.split(',').indexOf(name);
  return rows.map((row) => row.split(',')[index]);
}
