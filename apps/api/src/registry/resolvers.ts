import { engagementDefinitions } from '@cairn/monitoring';
import type { QueryBus } from '@nestjs/cqrs';
import type { Tenants } from '../access/tenants.js';
import type { Resolvers } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import { FindTrial, ListTrials } from './find-trials.js';
import type { TenantView } from './tenant-view.js';
import { presentProtocol, presentSite, protocolInForce } from './trial-roster.js';

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
      protocol: ({ roster }) => presentProtocol(protocolInForce(roster)),
      engagementDefinitions: ({ roster }) => engagementDefinitions(protocolInForce(roster).protocol),
      sites: ({ roster }, page) => {
        const sites = roster.sites.map((site) => presentSite(site, roster));
        return pageOf(pageRequest(page), sites, (site) => site.id);
      },
    },
  } satisfies Resolvers;
}
