import { type EventOf, eventType, isIdentifier, isPlainText, isWithin, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';
import { Role } from './roles.js';

/*
 * Who may see what, and who looked at what was sealed. Like all event types these are a storage format: never renamed,
 * changed only by a new version. They lie in the tenant's own log beside what they are about.
 */

const id = z.string().refine(isIdentifier, 'is not an identifier');
const text = z
  .string()
  .refine((value) => isWithin(value, 4_000), 'is longer than 4000 characters')
  .refine((value) => value.trim() !== '', 'is empty')
  .refine(isPlainText, 'holds control characters');
const timestamp = z
  .string()
  .refine((value) => parseInstant(value) !== undefined, 'is not an RFC 3339 timestamp with offset');

/** Somebody, or a machine, whom the identity provider knows under this subject. */
export const personRegistration = z.object({ person: id, name: text });

/** `assignment` is its own id; absent `trial` means every trial of the tenant, `until` the first instant without it. */
export const roleAssignment = z.object({
  assignment: id,
  person: id,
  role: Role,
  trial: id.optional(),
  site: id.optional(),
  worker: id.optional(),
  until: timestamp.optional(),
});
export const roleRevocation = z.object({ assignment: id, person: id, reason: text });

/** Stream `@access/people`. */
export const peopleEventTypes = [
  eventType('PersonRegistered', personRegistration),
  eventType('RoleAssigned', roleAssignment),
  eventType('RoleRevoked', roleRevocation),
] as const;
export type PeopleEvent = EventOf<(typeof peopleEventTypes)[number]>;

/** The first use of an access token; `session` tells tokens of one sign-in apart from those of others. */
export const signIn = z.object({ person: id, client: id.optional(), session: id });
/** Somebody was shown what is sealed to most: which field of how many participants, by which right. */
export const sealedRead = z.object({
  person: id,
  trial: id,
  field: id,
  /** Named where it was one, counted where it was a list. */
  participant: id.optional(),
  participants: z.int().min(0),
  by: z.enum(['role', 'unblinding']),
  /** Since version 2: the data cut whose closed report or tables it was. */
  cut: id.optional(),
});
export const sealedReadRefusal = z.object({ person: id, trial: id, field: id, reason: id });

/** Streams `@access/person/<person>`: what somebody did that changed nothing. */
export const conductEventTypes = [
  eventType('SignedIn', signIn),
  eventType('SealedDataRead', sealedRead, (data: z.infer<typeof sealedRead>) => data),
  eventType('SealedDataRefused', sealedReadRefusal),
] as const;
export type ConductEvent = EventOf<(typeof conductEventTypes)[number]>;

/** Break-glass: a first person asks to learn one participant's arm, and says why. */
export const unblindingRequest = z.object({ request: id, trial: id, participant: id, person: id, reason: text });
/** A second person decides; what was approved holds until `until`. */
export const unblindingApproval = z.object({ request: id, trial: id, participant: id, person: id, until: timestamp });
export const unblindingDenial = z.object({ request: id, trial: id, participant: id, person: id, reason: text });

/** Streams `@access/unblinding/<trial>/<participant>`. */
export const unblindingEventTypes = [
  eventType('UnblindingRequested', unblindingRequest),
  eventType('UnblindingApproved', unblindingApproval),
  eventType('UnblindingDenied', unblindingDenial),
] as const;
export type UnblindingEvent = EventOf<(typeof unblindingEventTypes)[number]>;

export const accessEventTypes = [...peopleEventTypes, ...conductEventTypes, ...unblindingEventTypes] as const;
export type AccessEvent = PeopleEvent | ConductEvent | UnblindingEvent;
