import { specFor } from '@cairn/event-sourcing/spec';
import { tenantDecider } from './decide-tenant.js';
import type { TenantEvent } from './events.js';

const now = 1_000;
const { given } = specFor(tenantDecider, { now });
const register = { type: 'registerTenant', tenant: 'enrich', name: 'St George’s' } as const;
const registered: TenantEvent = {
  type: 'TenantRegistered',
  occurredAt: now,
  data: { tenant: 'enrich', name: 'St George’s' },
};

describe('tenant', () => {
  it('is registered as from now', () => given().when(register).then(registered));
  it('is registered as from a time that is given', () =>
    given()
      .when({ ...register, occurredAt: 1 })
      .then({ ...registered, occurredAt: 1 }));
  it('registered again changes nothing', () => given(registered).when(register).then());
  it('under another name is refused', () =>
    given(registered)
      .when({ ...register, name: 'Other' })
      .thenRefused('TENANT_EXISTS', 'name'));
  it('in the future is refused', () =>
    given()
      .when({ ...register, occurredAt: now + 1 })
      .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt'));
});

describe('limits of the tenant', () => {
  const set = { type: 'setTenantLimits', tenant: 'enrich', commandsPerMinute: 60 } as const;
  const limited: TenantEvent = {
    type: 'TenantLimitsSet',
    occurredAt: now,
    data: { tenant: 'enrich', commandsPerMinute: 60 },
  };

  it('are set as from now', () => given(registered).when(set).then(limited));
  it('set again change nothing', () => given(registered, limited).when(set).then());
  it('are said in full each time', () =>
    given(registered, limited)
      .when({ type: 'setTenantLimits', tenant: 'enrich', subscriptions: 5 })
      .then({ ...limited, data: { tenant: 'enrich', subscriptions: 5 } }));
  it('outlast the registration being given again', () => given(registered, limited).when(register).then());
  it('of a tenant that is not registered are refused', () => given().when(set).thenRefused('TENANT_UNKNOWN', 'tenant'));
});
