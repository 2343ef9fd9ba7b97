import { accept, type Decider, type Decision } from '@cairn/event-sourcing';
import type { RegisterTenant } from './commands.js';
import type { TenantEvent } from './events.js';
import { refused } from './refusals.js';
import { hasHappened, type RegistryWorld } from './rules.js';
import { evolve, type Tenant } from './tenant.js';

function decide(command: RegisterTenant, tenant: Tenant, world: RegistryWorld): Decision<TenantEvent> {
  if (tenant.kind === 'registered') {
    return tenant.name === command.name ? accept() : refused('TENANT_EXISTS', 'name');
  }
  const { type: _, occurredAt = world.now, ...data } = command;
  return hasHappened(command, world) ?? accept({ type: 'TenantRegistered', occurredAt, data });
}

/** What may be entered of the tenant. */
export const tenantDecider: Decider<RegisterTenant, TenantEvent, Tenant, RegistryWorld> = {
  initial: { kind: 'unregistered' },
  decide,
  evolve,
};
