import { accept, type Decider, type Decision } from '@cairn/event-sourcing';
import type { RegisterTenant, SetTenantLimits, TenantCommand } from './commands.js';
import type { TenantEvent } from './events.js';
import { refused } from './refusals.js';
import { hasHappened, type RegistryWorld } from './rules.js';
import { sameData } from './same-data.js';
import { evolve, type Tenant } from './tenant.js';

function decide(command: TenantCommand, tenant: Tenant, world: RegistryWorld): Decision<TenantEvent> {
  switch (command.type) {
    case 'registerTenant':
      return registerTenant(command, tenant, world);
    case 'setTenantLimits':
      return setTenantLimits(command, tenant, world);
    default:
      return command satisfies never;
  }
}

function registerTenant(command: RegisterTenant, tenant: Tenant, world: RegistryWorld): Decision<TenantEvent> {
  if (tenant.kind === 'registered') {
    return tenant.name === command.name ? accept() : refused('TENANT_EXISTS', 'name');
  }
  const { type: _, occurredAt = world.now, ...data } = command;
  return hasHappened(command, world) ?? accept({ type: 'TenantRegistered', occurredAt, data });
}

function setTenantLimits(command: SetTenantLimits, tenant: Tenant, { now }: RegistryWorld): Decision<TenantEvent> {
  if (tenant.kind === 'unregistered') return refused('TENANT_UNKNOWN', 'tenant');
  const { type: _, ...data } = command;
  return sameData({ tenant: data.tenant, ...tenant.limits }, data)
    ? accept()
    : accept({ type: 'TenantLimitsSet', occurredAt: now, data });
}

/** What may be entered of the tenant. */
export const tenantDecider: Decider<TenantCommand, TenantEvent, Tenant, RegistryWorld> = {
  initial: { kind: 'unregistered' },
  decide,
  evolve,
};
