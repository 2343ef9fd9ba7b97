import { z } from 'zod';

/**
 * How much of the service a tenant may take: `commandsPerMinute` and `importedRecordsPerMinute` of all its processes together, the rest
 * of each. Whole numbers of at least 1.
 */
export interface TenantLimits {
  /** Mutations, whatever became of them. */
  readonly commandsPerMinute: number;
  /** In the units of `costOf`: a site table of now is some five of them. */
  readonly queryCostPerSecond: number;
  /** Requests that are worked on at once; more of them wait. */
  readonly requestsInFlight: number;
  /** Records of imports. An import that is over it is read more slowly and never refused. */
  readonly importedRecordsPerMinute: number;
  /** Imports that run at once. */
  readonly imports: number;
  /** Web sockets that are open. */
  readonly sockets: number;
  /** Subscriptions that are open, over all sockets. */
  readonly subscriptions: number;
}

/** What the tenant's own log says of its limits; what it does not say is as configured. */
export type LimitsOf = (tenant: string) => Partial<TenantLimits> | Promise<Partial<TenantLimits>>;

const limit = (otherwise: number) => z.coerce.number().int().min(1).max(1_000_000_000).default(otherwise);

/** The settings that are every tenant's limits, until its own log says otherwise. */
export const tenantLimitSettings = {
  TENANT_COMMANDS_PER_MINUTE: limit(6_000),
  TENANT_QUERY_COST_PER_SECOND: limit(600),
  TENANT_REQUESTS_IN_FLIGHT: limit(16),
  TENANT_IMPORTED_RECORDS_PER_MINUTE: limit(600_000),
  TENANT_IMPORTS: limit(4),
  TENANT_SOCKETS: limit(200),
  TENANT_SUBSCRIPTIONS: limit(400),
};

/** The limits as the settings have them. */
export function limitsFrom(settings: z.infer<z.ZodObject<typeof tenantLimitSettings>>): TenantLimits {
  return {
    commandsPerMinute: settings.TENANT_COMMANDS_PER_MINUTE,
    queryCostPerSecond: settings.TENANT_QUERY_COST_PER_SECOND,
    requestsInFlight: settings.TENANT_REQUESTS_IN_FLIGHT,
    importedRecordsPerMinute: settings.TENANT_IMPORTED_RECORDS_PER_MINUTE,
    imports: settings.TENANT_IMPORTS,
    sockets: settings.TENANT_SOCKETS,
    subscriptions: settings.TENANT_SUBSCRIPTIONS,
  };
}

/** With no settings given. */
export const defaultLimits: TenantLimits = limitsFrom(z.object(tenantLimitSettings).parse({}));
