import type { Fence, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import { LeaseLost } from './lease.js';

/**
 * Keeps a lease from changing hands until the transaction of this connection ends, and has the server end the transaction if
 * this process does not go on with it for five seconds: one that is stopped must not hold up who comes after it.
 * @throws LeaseLost when it has changed hands already
 */
export async function guardLease(client: pg.ClientBase, tenant: TenantId, { service, token }: Fence): Promise<void> {
  const { rows } = await client.query<{ current: boolean }>({
    name: 'cairn_guard_lease',
    text: 'select cairn.guard_lease($1, $2, $3) as current',
    values: [tenant, service, token],
  });
  if (!rows[0]!.current) throw new LeaseLost(`the lease ${service} has another token than ${token}`);
}
