import type { EventStore, TenantId } from '@cairn/event-sourcing';

/** What a command says of whom it is about. */
interface Asked {
  readonly trial?: string;
  readonly participant?: string;
}

/**
 * Whom a command's free text is about: who is named, or the participant that the stream is about, as of a correction or the
 * answer to a query. Undefined where it is nobody.
 * @param found of what the command points at, where that was looked up
 */
export async function participantOf(
  store: Pick<EventStore, 'readStream'>,
  tenant: TenantId,
  command: Asked,
  { stream, found }: { readonly stream: string; readonly found: string | undefined },
): Promise<string | undefined> {
  const named = command.participant ?? found;
  if (named !== undefined) return named;
  const [first] = await store.readStream(tenant, stream, { limit: 1 });
  if (!first) return undefined;
  const { participant } = JSON.parse(first.payload) as { readonly participant?: unknown };
  return typeof participant === 'string' ? participant : undefined;
}
