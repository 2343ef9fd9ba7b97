import { isIdentifier, type Position, type TenantId } from '@cairn/event-sourcing';
import { ReadModels } from '@cairn/platform';
import { type Trial, type TrialRoster, trialsProjection } from '@cairn/registry';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { pageOf, type Page, type PageRequest } from '../graphql/connection.js';
import { badInput, readModelBehind } from '../graphql/errors.js';
import type { Identity } from '../identity.js';
import { TrialStates } from '../monitoring/trial-states.js';
import type { TrialView } from './trial-view.js';

/** One trial; undefined for a foreign or an unknown id. */
export class FindTrial extends Query<TrialView | undefined> {
  constructor(
    readonly identity: Identity,
    readonly id: string,
    readonly minPosition: Position | undefined,
  ) {
    super();
  }
}

/** The tenant's trials, by id. */
export class ListTrials extends Query<Page<TrialView> & { readonly totalCount: number }> {
  constructor(
    readonly identity: Identity,
    readonly request: PageRequest,
  ) {
    super();
  }
}

@QueryHandler(FindTrial)
export class FindTrialHandler implements IQueryHandler<FindTrial> {
  constructor(private readonly states: TrialStates) {}

  async execute({ identity, id, minPosition }: FindTrial): Promise<TrialView | undefined> {
    if (!isIdentifier(id)) return undefined;
    const state = await this.states.current(identity.tenant, id, minPosition);
    if (state === 'behind') throw readModelBehind(`the read models have not reached position ${minPosition}`);
    return state && { tenant: identity.tenant, roster: state.trial, head: () => state.position, state: () => state };
  }
}

@QueryHandler(ListTrials)
export class ListTrialsHandler implements IQueryHandler<ListTrials> {
  constructor(
    private readonly states: TrialStates,
    private readonly readModels: ReadModels,
  ) {}

  async execute({ identity: { tenant }, request }: ListTrials): Promise<Page<TrialView> & { totalCount: number }> {
    const ids = [...(await this.readModels.scopes(tenant, trialsProjection))].sort();
    const { edges, pageInfo, totalCount } = pageOf(request, ids, (id) => id);
    let head: Promise<Position> | undefined;
    const views = edges.map(async ({ cursor, node: id }) => {
      const roster = await this.roster(tenant, id);
      const view: TrialView = {
        tenant,
        roster,
        head: () => (head ??= this.readModels.position(tenant)),
        state: async () => {
          const state = await this.states.current(tenant, id);
          if (!state || state === 'behind') throw badInput('there is no such trial');
          return state;
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
