import { type EventOf, eventType } from '@cairn/event-sourcing';
import { z } from 'zod';
import { Protocol } from './protocol.js';
import { date, id, text, timestamp, timeZone } from './vocabulary.js';

/*
 * Who takes part in what. Like all event types these are a storage format: never renamed, changed only by a new version.
 * Commands are derived from the shapes, see commands.ts.
 */

/** The sponsor or clinical trials unit under whose name trials are run. */
export const tenantRegistration = z.object({ tenant: id, name: text });

const limit = z.int().min(1).max(1_000_000_000).optional();

/**
 * How much a tenant may ask of the installation that it shares with others. All of it is said each time; for what is absent
 * the installation's own limit holds.
 */
export const tenantLimits = z.object({
  tenant: id,
  commandsPerMinute: limit,
  /** In units of estimated cost, see docs/limits.md. */
  queryCostPerSecond: limit,
  /** Open at once. */
  subscriptions: limit,
});

export const tenantEventTypes = [
  eventType('TenantRegistered', tenantRegistration),
  eventType('TenantLimitsSet', tenantLimits),
] as const;
export type TenantEvent = EventOf<(typeof tenantEventTypes)[number]>;

/** Who employs a site's peer workers: the health service itself, or a voluntary organisation under contract. */
export const EmployerKind = z.enum(['NHS', 'VOL']);
export type EmployerKind = z.infer<typeof EmployerKind>;
/** What the area of a site is like. */
export const Locality = z.enum(['urban', 'town', 'rural']);
export type Locality = z.infer<typeof Locality>;
/** A coordinator supervises the peer workers of a site. */
export const WorkerRole = z.enum(['peer_worker', 'coordinator']);
export type WorkerRole = z.infer<typeof WorkerRole>;

/** A trial with the first version of its protocol. `registration` is its number in a public register. */
export const trialRegistration = z.object({
  trial: id,
  title: text,
  registration: text.optional(),
  /** Calendar days and windows are reckoned in this zone. */
  timeZone,
  recruitmentFrom: date.optional(),
  recruitmentTo: date.optional(),
  protocol: Protocol,
});

/** Versions count from 1, the protocol of the registration. */
export const protocolPublication = z.object({ trial: id, version: z.int().min(2), protocol: Protocol });

/** A site. Without `timeZone` it keeps the trial's; `openedOn` is the first day of delivery there. */
export const siteRegistration = z.object({
  trial: id,
  site: id,
  name: text,
  employerKind: EmployerKind,
  employerName: text,
  hostOrganisation: text,
  localities: z.array(Locality).max(3),
  timeZone: timeZone.optional(),
  openedOn: date.optional(),
});

/** A peer worker or a coordinator of a site, with the times of their employment where they are known. */
export const workerRegistration = z.object({
  trial: id,
  worker: id,
  site: id,
  role: WorkerRole,
  startedAt: timestamp.optional(),
  endedAt: timestamp.optional(),
  daysPerWeek: z.number().gt(0).max(7).optional(),
});

/**
 * What an entry said that `event` holds was wrong: `record` is what it says from then on, all of it, in the form in which
 * records of sites are amended too.
 */
const amendment = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, data: z.ZodObject<Shape>) => ({
  event: z.uuid(),
  reason: text,
  record: z.object({ type: z.literal(type), occurredAt: timestamp, data }),
});

export const trialEventTypes = [
  eventType('TrialRegistered', trialRegistration),
  eventType('ProtocolPublished', protocolPublication),
  eventType('SiteRegistered', siteRegistration),
  eventType('WorkerRegistered', workerRegistration),
  eventType('SiteAmended', z.object({ trial: id, site: id, ...amendment('SiteRegistered', siteRegistration) })),
  eventType(
    'WorkerAmended',
    z.object({ trial: id, worker: id, site: id, ...amendment('WorkerRegistered', workerRegistration) }),
  ),
] as const;
export type TrialEvent = EventOf<(typeof trialEventTypes)[number]>;

export const registryEventTypes = [...tenantEventTypes, ...trialEventTypes] as const;
export type RegistryEvent = TenantEvent | TrialEvent;
