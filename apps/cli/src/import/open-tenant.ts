import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { UsageError } from '../exit-code.js';
import type { EmbeddedUser } from '../identity/embedded-issuer.js';
import { ask, type Server } from '../server/server.js';

const Viewer = z.object({
  viewer: z.object({ id: z.string(), tenant: z.object({ id: z.string() }), roles: z.array(z.string()) }),
});
const Result = z.object({
  result: z.object({ __typename: z.string(), message: z.string().optional() }),
});

/**
 * The tenant into whose log an import goes. On an embedded Cairn, one that has nobody yet is registered on the way: whoever
 * imports becomes its administrator and its trial manager, so that a trial of one's own takes one command.
 * @param user whom the token was made for here; undefined: it was given
 * @throws UsageError when the tenant would have to be registered for a dry run, or has people and they are not among them
 */
export async function openTenant(
  server: Server,
  user: EmbeddedUser | undefined,
  { dryRun }: { readonly dryRun: boolean },
): Promise<string> {
  const { viewer } = await ask(server, '{ viewer { id tenant { id } roles } }', {}, Viewer);
  const tenant = viewer.tenant.id;
  // Those whom the issuer lists were given their roles by somebody; they take none by themselves.
  if (!user?.unlisted || viewer.roles.includes('trial_manager')) return tenant;
  if (dryRun) {
    throw new UsageError(`there is nobody in the tenant ${tenant} yet; an import without --dry-run registers it`);
  }
  if (!viewer.roles.includes('sponsor_administrator')) {
    const mutation = 'mutation($input: RegisterTenantInput!) { result: registerTenant(input: $input) { ...outcome } }';
    await give(server, mutation, { name: tenant });
  }
  const mutation = 'mutation($input: AssignRoleInput!) { result: assignRole(input: $input) { ...outcome } }';
  await give(server, mutation, { assignment: randomUUID(), person: viewer.id, role: 'trial_manager' });
  return tenant;
}

async function give(server: Server, mutation: string, input: object): Promise<void> {
  const outcome = 'fragment outcome on CommandResult { __typename ... on CommandRefused { message } }';
  const variables = { input: { commandId: randomUUID(), ...input } };
  const { result } = await ask(server, `${mutation} ${outcome}`, variables, Result);
  if (result.__typename === 'CommandRefused') throw new UsageError(result.message ?? 'the tenant cannot be registered');
}
