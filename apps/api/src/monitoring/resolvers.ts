import { type Instant, isIdentifier, parseInstant } from '@cairn/event-sourcing';
import { type Moment, present } from '@cairn/monitoring';
import type { KnownPositions } from '@cairn/platform';
import type { EngagementDefinition } from '@cairn/registry';
import type { OpenArms } from '../access/open-arms.js';
import type { Viewers } from '../access/viewers.js';
import type { Resolvers } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import { withhold } from '../graphql/guard.js';
import { EngagementChanges } from './engagement-changes.js';
import type { TrialSight } from './trial-sight.js';
import type { EngagementAnswer } from './trial-state.js';
import type { TrialStates } from './trial-states.js';

interface Times {
  readonly asOf?: string | null | undefined;
  readonly knownAt?: string | null | undefined;
}

/** What trial managers watch: who is engaged, where, and how faithfully the intervention is delivered. */
export function monitoringResolvers(
  states: TrialStates,
  viewers: Viewers,
  openArms: OpenArms,
  positions: Pick<KnownPositions, 'within'>,
  clock: () => number = Date.now,
) {
  return {
    Trial: {
      engagement: async (trial, { definition, ...times }) => {
        const at = instants(times);
        const sight = await trial.sight(at.knownAt);
        return sight.engagement(known(sight, definition, at.knownAt), at, clock());
      },
      fidelityAssociation: async (trial, { definition, ...times }) => {
        const { knownAt } = instants(times);
        const sight = await trial.sight(knownAt);
        return sight.association(known(sight, definition, knownAt), moment(times, clock()));
      },
      benchmark: async (trial, { definition, ...times }) => {
        const at = instants(times);
        const sight = await trial.sight(at.knownAt);
        return sight.benchmark(known(sight, definition, at.knownAt), { ...at, now: clock() });
      },
      participants: async (trial, { site, status, definition, asOf, knownAt, ...page }, context, info) => {
        const request = pageRequest(page);
        const times = instants({ asOf, knownAt });
        const sight = await trial.sight(times.knownAt);
        const ofStatus = sight.reach('engagementStatus');
        // A filter tells as much as the field.
        if (status != null && ofStatus.kind === 'sealed') await withhold(context, info, trial.trial, ofStatus.reason);
        const found = sight.participants(
          known(sight, definition, times.knownAt),
          { ...present(clock()), ...times },
          {
            site: site ?? undefined,
            status: status ?? undefined,
          },
        );
        return pageOf(request, found, ({ id }) => id);
      },
    },
    TrialEngagement: {
      position: ({ knownAt, position }, _args, { viewer }) =>
        knownAt === undefined || !viewer.knowsPositions ? position : positions.within(viewer.tenant, knownAt, position),
    },
    Participant: {
      arm: async (participant, _args, context, info) => {
        const { trial, id, armByRole } = participant;
        const { viewer, disclosures } = context;
        if (armByRole) {
          if (armByRole.recorded) await disclosures.look(viewer, trial, ARM, id, 'role');
          return participant.arm();
        }
        if ((await openArms.to(viewer, trial)).has(id)) {
          await disclosures.look(viewer, trial, ARM, id, 'unblinding');
          return participant.arm();
        }
        const reach = viewer.reach('allocation', trial);
        return withhold(context, info, trial, reach.kind === 'sealed' ? reach.reason : 'NOT_IN_ROLE');
      },
    },
    Subscription: {
      engagementChanged: {
        subscribe: async (_root, { trial, definition }, context, info) => {
          if (!isIdentifier(trial) || !context.viewer.seesTrial(trial)) throw badInput('there is no such trial');
          const reach = context.viewer.reach('engagement', trial);
          if (reach.kind === 'sealed') await withhold(context, info, trial, reach.reason);
          const watched = {
            trial,
            definition: definition ?? DEFAULT_DEFINITION,
            // Fields of the table ask the policy too: of the same viewer.
            viewer: async () => (context.viewer = await viewers.of(context.identity)),
          };
          return new EngagementChanges(states, watched, clock);
        },
        resolve: (table: EngagementAnswer) => table,
      },
    },
  } satisfies Resolvers;
}

/** The field that a record of a sealed read names. */
const ARM = 'Participant.arm';

/** An explicit null means the same as nothing. */
const DEFAULT_DEFINITION = 'table';

function known(sight: TrialSight, id: string | null | undefined, knownAt: Instant | undefined): EngagementDefinition {
  const definition = sight.definition(id ?? DEFAULT_DEFINITION, knownAt);
  if (!definition) throw badInput('the trial has no such engagement definition');
  return definition;
}

const instants = ({ asOf, knownAt }: Times): { asOf?: number; knownAt?: number } => ({
  ...(asOf != null && { asOf: parseInstant(asOf)! }),
  ...(knownAt != null && { knownAt: parseInstant(knownAt)! }),
});

const moment = (times: Times, now: number): Moment => ({ ...present(now), ...instants(times) });
