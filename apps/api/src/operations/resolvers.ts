import { isIdentifier, type TenantId } from '@cairn/event-sourcing';
import { type GenerationStatus, ReadModelMissing, type ReadModels } from '@cairn/platform';
import type { ReadModel, Resolvers } from '../generated/schema.js';
import type { ReadModelState } from '../graphql/enums.js';
import { badInput } from '../graphql/errors.js';

/** How far the read models are, and building one anew. */
export function operationsResolvers(readModels: ReadModels) {
  return {
    Query: {
      readModels: (_root, _args, { identity }) => presentReadModels(readModels, identity.tenant),
    },
    Mutation: {
      rebuildReadModel: async (_root, { name }, { identity }) => {
        try {
          if (!isIdentifier(name)) throw new ReadModelMissing({ name });
          await readModels.requestRebuild(name);
        } catch (error) {
          if (error instanceof ReadModelMissing) throw badInput('there is no such read model');
          throw error;
        }
        return (await presentReadModels(readModels, identity.tenant)).find((model) => model.name === name)!;
      },
    },
  } satisfies Resolvers;
}

async function presentReadModels(readModels: ReadModels, tenant: TenantId): Promise<ReadModel[]> {
  const byName = Map.groupBy(await readModels.states(tenant), (status) => status.name);
  return Promise.all(
    [...byName.values()].map(async (generations) => {
      const building = generations.findLast(({ state }) => state === 'requested' || state === 'building');
      const shown = generations.findLast(({ state }) => state === 'serving') ?? generations.at(-1)!;
      const progress = building && (await readModels.rebuildProgress(building.name, building.generation));
      return {
        name: shown.name,
        version: shown.version,
        state: stateOf(shown, building),
        position: shown.position,
        head: shown.head,
        complete: shown.state === 'serving' && !shown.halted && shown.parked === 0,
        reason: reasonOf(shown),
        rebuildProgress: progress ? (progress.of === 0 ? 0 : Math.min(1, progress.events / progress.of)) : null,
      };
    }),
  );
}

const stateOf = ({ halted }: GenerationStatus, building: GenerationStatus | undefined): ReadModelState =>
  halted ? 'halted' : building ? 'rebuilding' : 'running';

function reasonOf({ halted, parked, failure }: GenerationStatus): string | null {
  if (halted) return `stopped at ${halted.eventType} at position ${halted.position}: ${halted.reason}`;
  if (parked > 0) return `${parked} events wait`;
  return failure ?? null;
}
