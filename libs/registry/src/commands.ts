import { z } from 'zod';
import {
  protocolPublication,
  siteRegistration,
  tenantLimits,
  tenantRegistration,
  trialRegistration,
  workerRegistration,
} from './events.js';
import { instant } from './vocabulary.js';

/* What the register is asked to hold: the content of the event that follows, under the name of the API's mutation. */

const entry = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, content: z.ZodObject<Shape>) =>
  content.extend({
    type: z.literal(type),
    /** Since when it is so; absent: from now on. */
    occurredAt: instant.optional(),
  });

export const RegisterTenant = entry('registerTenant', tenantRegistration);
export type RegisterTenant = z.infer<typeof RegisterTenant>;

/** They hold from the moment at which they are set, so no time comes with them. */
export const SetTenantLimits = tenantLimits.extend({ type: z.literal('setTenantLimits') });
export type SetTenantLimits = z.infer<typeof SetTenantLimits>;

/** Commands for the tenant's own stream. */
export const TenantCommand = z.discriminatedUnion('type', [RegisterTenant, SetTenantLimits]);
export type TenantCommand = z.infer<typeof TenantCommand>;

/** Commands for a trial's stream. */
export const TrialCommand = z.discriminatedUnion('type', [
  entry('registerTrial', trialRegistration),
  entry('publishProtocol', protocolPublication),
  entry('registerSite', siteRegistration),
  entry('registerWorker', workerRegistration),
]);
export type TrialCommand = z.infer<typeof TrialCommand>;

export const RegistryCommand = z.discriminatedUnion('type', [TenantCommand, TrialCommand]);
export type RegistryCommand = z.infer<typeof RegistryCommand>;
