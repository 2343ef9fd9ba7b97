import type { Assignment, Unblinding } from '@cairn/access';
import { parseInstant } from '@cairn/event-sourcing';
import type { Resolvers, RoleAssignment, Unblinding as UnblindingAnswer } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import type { UnblindingState } from '../graphql/enums.js';
import type { Tenants } from './tenants.js';
import type { Unblindings } from './unblindings.js';
import type { Viewers } from './viewers.js';

/** Who the people are, what they may be, and who asked to learn an arm. */
export function accessResolvers(viewers: Viewers, tenants: Tenants, unblindings: Unblindings) {
  return {
    Query: {
      people: async (_root, page, { viewer: { tenant } }) => {
        const { persons, assignments } = await viewers.people(tenant);
        const people = persons.map(({ person, name }) => ({
          id: person,
          name,
          assignments: assignments.filter((assigned) => assigned.person === person).map(presentAssignment),
        }));
        return pageOf(pageRequest(page), people, ({ id }) => id);
      },
    },
    Viewer: { assignments: ({ assignments }) => assignments.map(presentAssignment) },
    Tenant: {
      limits: async ({ id }) => {
        const { commandsPerMinute = null, queryCostPerSecond = null, subscriptions = null } = await tenants.limits(id);
        return { commandsPerMinute, queryCostPerSecond, subscriptions };
      },
    },
    Trial: {
      unblindings: async ({ tenant, trial }) => {
        const [asked, { persons }] = await Promise.all([unblindings.ofTrial(tenant, trial), viewers.people(tenant)]);
        const names = new Map(persons.map(({ person, name }) => [person, name]));
        return asked.map((each) => presentUnblinding(each, names.get(each.person) ?? each.person));
      },
    },
  } satisfies Resolvers;
}

const presentAssignment = ({ assignment, role, trial, site, worker, until }: Assignment): RoleAssignment => ({
  id: assignment,
  role,
  trial: trial ?? null,
  site: site ?? null,
  worker: worker ?? null,
  until: until === undefined ? null : parseInstant(until)!,
});

const presentUnblinding = (unblinding: Unblinding, name: string): UnblindingAnswer => ({
  request: unblinding.request,
  participant: unblinding.participant,
  requester: { id: unblinding.person, name },
  reason: unblinding.reason,
  state: unblinding.kind satisfies UnblindingState,
  until: unblinding.kind === 'approved' ? unblinding.until : null,
});
