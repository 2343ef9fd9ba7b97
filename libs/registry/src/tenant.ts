import type { z } from 'zod';
import type { TenantEvent, tenantLimits } from './events.js';

/** What a tenant may ask of the installation; absent: as much as the installation lets anybody. */
export type TenantLimits = Omit<z.infer<typeof tenantLimits>, 'tenant'>;

/** The customer that runs trials. */
export type Tenant =
  | { readonly kind: 'unregistered' }
  | { readonly kind: 'registered'; readonly name: string; readonly limits: TenantLimits };

export function evolve(tenant: Tenant, event: TenantEvent): Tenant {
  switch (event.type) {
    case 'TenantRegistered':
      return { kind: 'registered', name: event.data.name, limits: {} };
    case 'TenantLimitsSet': {
      const { tenant: _, ...limits } = event.data;
      // The rules let no limits in before the registration.
      return tenant.kind === 'registered' ? { ...tenant, limits } : tenant;
    }
    default:
      return event satisfies never;
  }
}
