import { roles, type Viewer } from '@cairn/access';
import type { TrialRoster } from '@cairn/registry';

/**
 * The register of a trial as far as a viewer knows it: who is of the whole trial knows all its sites, who is of a site or
 * of a worker knows that site.
 */
export function rosterFor(viewer: Viewer, roster: TrialRoster): TrialRoster {
  const held = viewer.assignments.filter(({ trial }) => trial === undefined || trial === roster.trial);
  if (held.some(({ role }) => OF_THE_WHOLE.has(roles[role].reach))) return roster;
  const sites = new Set(
    held.flatMap(({ site, worker }) => site ?? roster.workers.find((known) => known.worker === worker)?.site ?? []),
  );
  return {
    ...roster,
    sites: roster.sites.filter(({ site }) => sites.has(site)),
    workers: roster.workers.filter(({ site }) => sites.has(site)),
  };
}

const OF_THE_WHOLE: ReadonlySet<string> = new Set(['trial', 'whole tenant']);
