import { z } from 'zod';
import {
  personRegistration,
  roleAssignment,
  roleRevocation,
  unblindingApproval,
  unblindingDenial,
  unblindingRequest,
} from './events.js';

/*
 * What is asked of this context: the content of the event that follows, under the name of the API's mutation. It happens
 * when it is asked for, and who asks is who is signed in; neither comes with the command.
 */

const asking = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, content: z.ZodObject<Shape>) =>
  content.extend({ type: z.literal(type) });

/** Commands for the tenant's people. */
export const PeopleCommand = z.discriminatedUnion('type', [
  asking('registerPerson', personRegistration),
  asking('assignRole', roleAssignment),
  asking('revokeRole', roleRevocation.omit({ person: true })),
]);
export type PeopleCommand = z.infer<typeof PeopleCommand>;

/** Commands that open one participant's arm to one person, or do not. */
export const UnblindingCommand = z.discriminatedUnion('type', [
  asking('requestUnblinding', unblindingRequest.omit({ person: true })),
  asking('approveUnblinding', unblindingApproval.omit({ person: true, until: true })),
  asking('denyUnblinding', unblindingDenial.omit({ person: true })),
]);
export type UnblindingCommand = z.infer<typeof UnblindingCommand>;
