import { EventCatalogue, type EventStore, type TenantId } from '@cairn/event-sourcing';
import { type Tenant, tenantDecider, tenantEventTypes, type TenantLimits, tenantStream } from '@cairn/registry';
import { KeptFold, type TenantStream } from './kept-fold.js';

const ofTheTenant: TenantStream<Tenant> = {
  stream: tenantStream,
  initial: tenantDecider.initial,
  evolve: (state, event) => tenantDecider.evolve(state, event),
  catalogue: new EventCatalogue(tenantEventTypes),
};

/** A name is no secret of the moment, and limits need not hold at once; so other processes' changes are seen late. */
const TRUSTED_FOR_MS = 5_000;
const NO_LIMITS: TenantLimits = {};

/** What the tenants are called, and how much of the installation is theirs. */
export class Tenants {
  private readonly kept: KeptFold<Tenant>;

  constructor(store: EventStore, clock: () => number = Date.now) {
    this.kept = new KeptFold(store, ofTheTenant, clock, TRUSTED_FOR_MS);
  }

  /** Undefined for one that is not registered. */
  async name(tenant: TenantId): Promise<string | undefined> {
    const state = await this.kept.now(tenant);
    return state.kind === 'registered' ? state.name : undefined;
  }

  /** What was set for this tenant; the installation's own limits hold for the rest. At once where it is known. */
  limits(tenant: TenantId): TenantLimits | Promise<TenantLimits> {
    const state = this.kept.now(tenant);
    return state instanceof Promise ? state.then(limitsOf) : limitsOf(state);
  }

  /** It was registered, or its limits were set. */
  changed(tenant: TenantId): void {
    this.kept.changed(tenant);
  }
}

const limitsOf = (tenant: Tenant): TenantLimits => (tenant.kind === 'registered' ? tenant.limits : NO_LIMITS);
