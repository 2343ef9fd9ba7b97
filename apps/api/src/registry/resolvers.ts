import { engagementDefinitions } from '@cairn/monitoring';
import { parseInstant } from '@cairn/event-sourcing';
import type { TrialRoster } from '@cairn/registry';
import type { QueryBus } from '@nestjs/cqrs';
import type { Tenants } from '../access/tenants.js';
import type { InputMaybe, Resolvers } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import { FindTrial, ListTrials } from './find-trials.js';
import type { TenantView } from './tenant-view.js';
import { presentProtocol, presentSite, protocolInForce } from './trial-roster.js';
import type { TrialView } from './trial-view.js';

/** Who is asking, and the trials that they may see. */
export function registryResolvers(queries: QueryBus, tenants: Tenants) {
  return {
    Query: {
      viewer: (_root, _args, { viewer }) => viewer,
      trial: async (_root, { id, minPosition }, { viewer }) =>
        (await queries.execute(new FindTrial(viewer, id, minPosition == null ? undefined : BigInt(minPosition)))) ??
        null,
      trials: (_root, page, { viewer }) => queries.execute(new ListTrials(viewer, pageRequest(page))),
    },
    Viewer: {
      id: ({ person }) => person,
      tenant: async ({ tenant }): Promise<TenantView> => ({
        id: tenant,
        name: (await tenants.name(tenant)) ?? tenant,
      }),
    },
    Trial: {
      id: ({ roster }) => roster.trial,
      title: ({ roster }) => roster.title,
      registration: ({ roster }) => roster.registration ?? null,
      timeZone: ({ roster }) => roster.timeZone,
      head: (trial) => trial.head(),
      protocol: async (trial, { knownAt }) => {
        const roster = await rosterOf(trial, knownAt);
        if (!roster) throw badInput('the trial was not registered by then, so it had no protocol');
        return presentProtocol(protocolInForce(roster));
      },
      engagementDefinitions: async (trial, { knownAt }) => {
        const roster = await rosterOf(trial, knownAt);
        return engagementDefinitions(roster ? protocolInForce(roster).protocol : NO_PROTOCOL);
      },
      sites: async (trial, { knownAt, ...page }) => {
        const request = pageRequest(page);
        const roster = await rosterOf(trial, knownAt);
        const sites = roster?.sites.map((site) => presentSite(site, roster)) ?? [];
        return pageOf(request, sites, (site) => site.id);
      },
    },
  } satisfies Resolvers;
}

/** Before its registration a trial has the definitions that every trial has. */
const NO_PROTOCOL = { engagementDefinitions: [] };

/** The register as it stands, or stood; undefined when the trial was not on it. */
const rosterOf = (
  trial: TrialView,
  knownAt: InputMaybe<string> | undefined,
): TrialRoster | Promise<TrialRoster | undefined> =>
  knownAt == null ? trial.roster : trial.rosterAt(parseInstant(knownAt)!);
