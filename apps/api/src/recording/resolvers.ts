import type { CommandOutcome } from '@cairn/event-sourcing';
import type { CommandBus } from '@nestjs/cqrs';
import { type CommandName, commands } from '../application/commands.js';
import { RecordCommands } from '../application/record-commands.js';
import type { MutationResolvers, Resolvers } from '../generated/schema.js';
import { FORBIDDEN } from '../application/within-reach.js';
import type { RequestContext } from '../graphql/context.js';
import { forbidden } from '../graphql/errors.js';
import type { GivenProof, Reauthentication } from '../signatures/reauthentication.js';
import type { Metrics } from '../operations/metrics.js';
import type { RequestTracing } from '../operations/request-tracing.js';

type Recording = Required<Pick<MutationResolvers, CommandName>>;

/** Every command of the menu as the mutation of its name. */
export function recordingResolvers(
  bus: CommandBus,
  metrics: Metrics,
  reauthentication: Pick<Reauthentication, 'prove'>,
  tracing: Pick<RequestTracing, 'command'>,
) {
  /** Whoever signs proves who they are; what they prove it by goes no further than this. */
  const prove = (given: GivenProof | undefined, { identity, address }: RequestContext) =>
    given && reauthentication.prove(identity, given, address ?? '');
  const record =
    (name: string) =>
    async (_root: unknown, { input }: { input: Given }, context: RequestContext) => {
      const { commandId, reauthentication: given, ...content } = input;
      const proven = await prove(given, context);
      const command = [{ name, input: content }];
      const outcome =
        proven?.kind === 'refused'
          ? proven
          : await tracing.command(() =>
              bus.execute(new RecordCommands(context.identity, commandId, command, proven?.proof)),
            );
      metrics.commands.inc({ outcome: outcome.kind === 'accepted' ? 'accepted' : outcome.refusal.code });
      return answer(outcome);
    };
  return {
    Mutation: Object.fromEntries(Object.keys(commands).map((name) => [name, record(name)])) as unknown as Recording,
    CommandResult: { __resolveType: (result) => ('code' in result ? 'CommandRefused' : 'CommandAccepted') },
  } satisfies Resolvers;
}

interface Given {
  readonly commandId: string;
  readonly reauthentication?: GivenProof;
  readonly [field: string]: unknown;
}

function answer(outcome: CommandOutcome) {
  switch (outcome.kind) {
    case 'accepted':
      return { position: outcome.position, events: outcome.events };
    case 'refused':
      // Like whatever else is not for a role; an import answers it with the record's outcome.
      if (outcome.refusal.code === FORBIDDEN) throw forbidden();
      return { ...outcome.refusal, field: outcome.refusal.field ?? null };
    default:
      return outcome satisfies never;
  }
}
