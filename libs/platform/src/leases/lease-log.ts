import type { Logger } from 'pino';
import type { LeaseObserver } from './leases.js';

/** Writes down which tenants come and go, and why they went. */
export const observeLeasesWithLog = (logger: Pick<Logger, 'debug' | 'info' | 'warn'>): LeaseObserver => ({
  taken: (tenant, token) => logger.info({ tenant, token: token.toString() }, 'this process works on a tenant now'),
  lost: (tenant) =>
    logger.warn({ tenant }, 'the lease of a tenant was not renewed in time, and another process took it'),
  handedOver: (tenant) => logger.info({ tenant }, 'another process should work on a tenant, and may now'),
  failed: (error) => logger.warn({ err: error }, 'leases could not be renewed; it is tried again at once'),
});
