import type { TenantEvent } from './events.js';

/** The customer that runs trials. */
export type Tenant = { readonly kind: 'unregistered' } | { readonly kind: 'registered'; readonly name: string };

export const evolve = (_: Tenant, event: TenantEvent): Tenant => ({ kind: 'registered', name: event.data.name });
