import { z } from 'zod';
import {
  protocolPublication,
  siteRegistration,
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

/** Commands for a trial's stream. */
export const TrialCommand = z.discriminatedUnion('type', [
  entry('registerTrial', trialRegistration),
  entry('publishProtocol', protocolPublication),
  entry('registerSite', siteRegistration),
  entry('registerWorker', workerRegistration),
]);
export type TrialCommand = z.infer<typeof TrialCommand>;

export const RegistryCommand = z.discriminatedUnion('type', [RegisterTenant, TrialCommand]);
export type RegistryCommand = z.infer<typeof RegistryCommand>;
