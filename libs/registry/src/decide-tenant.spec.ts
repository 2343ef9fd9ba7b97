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
