import type { Viewer } from '@cairn/access';
import { type EventStore, type Instant, isIdentifier, type Position, type TenantId } from '@cairn/event-sourcing';
import { KnownPositions, LOG_STORE, ReadModels } from '@cairn/platform';
import { rosterAt, type Trial, type TrialRoster, trialsProjection } from '@cairn/registry';
import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { pageOf, type Page, type PageRequest } from '../graphql/connection.js';
import { badInput, readModelBehind } from '../graphql/errors.js';
import { TrialSight } from '../monitoring/trial-sight.js';
import { TrialStates, WAIT_FOR_POSITION_MS } from '../monitoring/trial-states.js';
import { rosterFor } from './roster-sight.js';
import type { TrialView } from './trial-view.js';

/** One trial; undefined for a foreign or an unknown id, and for one that the viewer has no role in. */
export class FindTrial extends Query<TrialView | undefined> {
  constructor(
    readonly viewer: Viewer,
    readonly id: string,
    readonly minPosition: Position | undefined,
  ) {
    super();
  }
}

/** The trials that the viewer has a role in, by id. */
export class ListTrials extends Query<Page<TrialView> & { readonly totalCount: number }> {
  constructor(
    readonly viewer: Viewer,
    readonly request: PageRequest,
  ) {
    super();
  }
}

@QueryHandler(FindTrial)
export class FindTrialHandler implements IQueryHandler<FindTrial> {
  constructor(
    private readonly states: TrialStates,
    @Inject(LOG_STORE) private readonly store: EventStore,
    private readonly known: KnownPositions,
  ) {}

  async execute({ viewer, id, minPosition }: FindTrial): Promise<TrialView | undefined> {
    if (!isIdentifier(id) || !viewer.seesTrial(id)) return undefined;
    const { tenant } = viewer;
    // Positions that a blinded viewer is told are times. Whatever was recorded by now includes all of them.
    const wanted = minPosition === undefined || viewer.knowsPositions ? minPosition : await this.store.head(tenant);
    const state = await this.states.current(tenant, id, wanted);
    if (state === 'behind') throw readModelBehind(`the read models have not reached position ${minPosition}`);
    if (!state) return undefined;
    const sight = new TrialSight(state, viewer);
    const sightOf = async (knownAt: Instant): Promise<TrialSight> => {
      const position = await this.known.at(tenant, knownAt);
      if (position <= state.position) return sight;
      const later = await this.states.current(tenant, id, position);
      if (!later || later === 'behind') throw behind();
      return new TrialSight(later, viewer);
    };
    return {
      tenant,
      trial: id,
      viewer,
      roster: rosterFor(viewer, state.trial),
      head: () => sight.head,
      sight: (knownAt) => (knownAt === undefined ? sight : sightOf(knownAt)),
      rosterAt: async (knownAt) => rosterAt(rosterFor(viewer, (await sightOf(knownAt)).roster), knownAt),
    };
  }
}

@QueryHandler(ListTrials)
export class ListTrialsHandler implements IQueryHandler<ListTrials> {
  constructor(
    private readonly states: TrialStates,
    private readonly readModels: ReadModels,
    private readonly known: KnownPositions,
  ) {}

  async execute({ viewer, request }: ListTrials): Promise<Page<TrialView> & { totalCount: number }> {
    const { tenant } = viewer;
    const scopes = await this.readModels.scopes(tenant, trialsProjection);
    const ids = scopes.filter((id) => viewer.seesTrial(id)).sort();
    const { edges, pageInfo, totalCount } = pageOf(request, ids, (id) => id);
    let head: Promise<Position> | undefined;
    const views = edges.map(async ({ cursor, node: id }) => {
      const sight = async (knownAt?: Instant): Promise<TrialSight> => {
        const position = knownAt === undefined ? undefined : await this.known.at(tenant, knownAt);
        const state = await this.states.current(tenant, id, position);
        if (state === 'behind') throw behind();
        if (!state) throw badInput('there is no such trial');
        return new TrialSight(state, viewer);
      };
      const view: TrialView = {
        tenant,
        trial: id,
        viewer,
        roster: rosterFor(viewer, await this.roster(tenant, id)),
        head: async () => (viewer.knowsPositions ? (head ??= this.readModels.position(tenant)) : (await sight()).head),
        sight,
        rosterAt: async (knownAt) => {
          const position = await this.known.at(tenant, knownAt);
          if (!(await this.readModels.waitFor(tenant, position, { timeoutMs: WAIT_FOR_POSITION_MS }))) throw behind();
          return rosterAt(rosterFor(viewer, await this.roster(tenant, id)), knownAt);
        },
      };
      return { cursor, node: view };
    });
    return { edges: await Promise.all(views), pageInfo, totalCount };
  }

  private async roster(tenant: TenantId, id: string): Promise<TrialRoster> {
    const read = await this.readModels.document(tenant, trialsProjection, id, id);
    const trial = read && (JSON.parse(read.document) as Trial);
    if (trial?.kind !== 'registered') throw new Error(`trial ${id} is listed but not registered`);
    return trial;
  }
}

const behind = () => readModelBehind('the read models have not reached what had been recorded by then');
