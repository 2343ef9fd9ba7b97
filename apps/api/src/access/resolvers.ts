import type { Assignment, People, Unblinding } from '@cairn/access';
import { parseInstant, type TenantId } from '@cairn/event-sourcing';
import type { KnownPositions } from '@cairn/platform';
import type { FreeText } from '../free-text/free-text.js';
import { shownText } from '../free-text/shown-text.js';
import type { InputMaybe, Resolvers, RoleAssignment, Unblinding as UnblindingAnswer } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import type { UnblindingState } from '../graphql/enums.js';
import type { PastPeople } from './past-people.js';
import type { Tenants } from './tenants.js';
import type { Unblindings } from './unblindings.js';
import type { Viewers } from './viewers.js';

/** Who the people are, what they may be, and who asked to learn an arm. */
export function accessResolvers(
  viewers: Viewers,
  tenants: Tenants,
  unblindings: Unblindings,
  pastPeople: PastPeople,
  positions: Pick<KnownPositions, 'at'>,
  freeText: FreeText,
) {
  const peopleAt = (tenant: TenantId, knownAt: InputMaybe<string> | undefined): Promise<People> =>
    knownAt == null ? viewers.people(tenant) : pastPeople.at(tenant, parseInstant(knownAt)!);
  return {
    Query: {
      people: async (_root, { knownAt, ...page }, { viewer: { tenant } }) => {
        const request = pageRequest(page);
        const { persons, assignments } = await peopleAt(tenant, knownAt);
        const people = persons.map(({ person, name }) => ({
          id: person,
          name,
          assignments: assignments.filter((assigned) => assigned.person === person).map(presentAssignment),
        }));
        return pageOf(request, people, ({ id }) => id);
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
      unblindings: async ({ tenant, trial }, { knownAt }) => {
        const upTo = knownAt == null ? undefined : await positions.at(tenant, parseInstant(knownAt)!);
        const [asked, { persons }] = await Promise.all([
          unblindings.ofTrial(tenant, trial, upTo),
          peopleAt(tenant, knownAt),
        ]);
        const names = new Map(persons.map(({ person, name }) => [person, name]));
        return asked.map((each) => presentUnblinding(each, names.get(each.person) ?? each.person));
      },
    },
    Unblinding: {
      reason: ({ trial, participant, reason }, _args, context, info) => {
        const about = { tenant: context.viewer.tenant, trial, participant };
        return shownText(freeText, context, info, about, { member: 'reason', text: reason });
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

/** An unblinding on its way to its answer: its reason is still sealed. */
export type PresentedUnblinding = Omit<UnblindingAnswer, 'reason'> & Pick<Unblinding, 'trial' | 'reason'>;

const presentUnblinding = (unblinding: Unblinding, name: string): PresentedUnblinding => ({
  trial: unblinding.trial,
  request: unblinding.request,
  participant: unblinding.participant,
  requester: { id: unblinding.person, name },
  reason: unblinding.reason,
  state: unblinding.kind satisfies UnblindingState,
  until: unblinding.kind === 'approved' ? unblinding.until : null,
});
