import { isIdentifier, parseInstant } from '@cairn/event-sourcing';
import { type Moment, present } from '@cairn/monitoring';
import type { EngagementDefinition } from '@cairn/registry';
import type { Resolvers } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import { EngagementChanges } from './engagement-changes.js';
import type { ParticipantView } from './participant-view.js';
import type { EngagementAnswer, TrialState } from './trial-state.js';
import type { TrialStates } from './trial-states.js';

interface Times {
  readonly asOf?: string | null | undefined;
  readonly knownAt?: string | null | undefined;
}

/** What trial managers watch: who is engaged, where, and how faithfully the intervention is delivered. */
export function monitoringResolvers(states: TrialStates, clock: () => number = Date.now) {
  return {
    Trial: {
      engagement: async (trial, { definition, ...times }) => {
        const state = await trial.state();
        return state.engagement(known(state, definition), instants(times), clock());
      },
      fidelityAssociation: async (trial, { definition, ...times }) => {
        const state = await trial.state();
        const association = state.association(known(state, definition), moment(times, clock()));
        const points = association.points.map((point) => ({ ...point, site: state.site(point.site)! }));
        return { ...association, points };
      },
      participants: async (trial, { site, status, definition, asOf, knownAt, ...page }) => {
        const request = pageRequest(page);
        const state = await trial.state();
        const found = state.participants(known(state, definition), moment({ asOf, knownAt }, clock()), {
          site: site ?? undefined,
          status: status ?? undefined,
        });
        // Who was referred to a site that is not registered has no site to show; no rule lets that happen.
        const shown = found.filter((one) => state.site(one.site) !== undefined);
        const views = shown.map((engagement): ParticipantView => ({ engagement, state }));
        return pageOf(request, views, (view) => view.engagement.participant);
      },
    },
    Participant: {
      id: ({ engagement }) => engagement.participant,
      site: ({ engagement, state }) => state.site(engagement.site)!,
      status: ({ engagement }) => engagement.status,
      engagedAt: ({ engagement }) => engagement.engagedAt ?? null,
      dischargedAt: ({ engagement }) => engagement.dischargedAt ?? null,
      windowClosesAt: ({ engagement }) => engagement.windowClosesAt ?? null,
    },
    Subscription: {
      engagementChanged: {
        subscribe: (_root, { trial, definition }, { identity }) => {
          if (!isIdentifier(trial)) throw badInput('there is no such trial');
          return new EngagementChanges(states, identity.tenant, trial, definition ?? DEFAULT_DEFINITION, clock);
        },
        resolve: (table: EngagementAnswer) => table,
      },
    },
  } satisfies Resolvers;
}

/** An explicit null means the same as nothing. */
const DEFAULT_DEFINITION = 'table';

function known(state: TrialState, id: string | null | undefined): EngagementDefinition {
  const definition = state.definition(id ?? DEFAULT_DEFINITION);
  if (!definition) throw badInput('the trial has no such engagement definition');
  return definition;
}

const instants = ({ asOf, knownAt }: Times): { asOf?: number; knownAt?: number } => ({
  ...(asOf != null && { asOf: parseInstant(asOf)! }),
  ...(knownAt != null && { knownAt: parseInstant(knownAt)! }),
});

const moment = (times: Times, now: number): Moment => ({ ...present(now), ...instants(times) });
