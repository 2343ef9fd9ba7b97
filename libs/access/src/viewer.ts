import { type Instant, parseInstant, type TenantId } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { roleAssignment } from './events.js';
import { type Area, commandRights, type Extent, type GuardedCommand, sight } from './policy.js';
import { isBlinded, type Role } from './roles.js';

/** A role as it was assigned. */
export type Assignment = z.infer<typeof roleAssignment>;

/** Why something is not shown: to keep the viewer blinded, because it is not their work, or because its time is over. */
export type SealReason = 'BLINDED' | 'NOT_IN_ROLE' | 'EXPIRED';

/** What of an area a viewer may see in one trial. */
export type Reach =
  | { readonly kind: 'whole'; readonly recorded: boolean }
  /** Of these sites, and of participants allocated to these workers. */
  | { readonly kind: 'part'; readonly sites: ReadonlySet<string>; readonly workers: ReadonlySet<string> }
  | { readonly kind: 'sealed'; readonly reason: SealReason };

/** What a token may be used for, whatever the roles of who holds it would allow. */
export const scopes = ['cairn:read', 'cairn:record', 'cairn:subscribe', 'cairn:operate'] as const;
export type Scope = (typeof scopes)[number];

/**
 * Somebody who asks, at one moment: the roles they hold now, and what follows from them. Everything is refused that no
 * role allows. A pure value; whoever keeps one makes a new one when roles change or `validUntil` has come.
 */
export class Viewer {
  private constructor(
    readonly tenant: TenantId,
    readonly person: string,
    readonly name: string,
    /** Those that hold now. */
    readonly assignments: readonly Assignment[],
    readonly scopes: ReadonlySet<Scope>,
    /** The first instant at which one of the roles ends. */
    readonly validUntil: Instant | undefined,
  ) {}

  static of(given: {
    readonly tenant: TenantId;
    readonly person: string;
    readonly name: string;
    readonly assignments: readonly Assignment[];
    readonly scopes: ReadonlySet<Scope>;
    readonly validUntil: Instant | undefined;
  }): Viewer {
    return new Viewer(given.tenant, given.person, given.name, given.assignments, given.scopes, given.validUntil);
  }

  get roles(): readonly Role[] {
    return [...new Set(this.assignments.map(({ role }) => role))].sort();
  }

  /** Whether the trial is there for the viewer at all; one that is not looks like one that does not exist. */
  seesTrial(trial: string): boolean {
    return this.inTrial(trial).length > 0;
  }

  /** Every trial of the tenant, whatever may be registered later. */
  get seesEveryTrial(): boolean {
    return this.assignments.some((assignment) => assignment.trial === undefined);
  }

  /**
   * Whether the viewer must be kept from inferring arms in the trial: when no role of theirs may know them. Then positions
   * of the log, which move with what one arm does, are not told either.
   */
  isBlindedIn(trial: string): boolean {
    return this.inTrial(trial).every(({ role }) => isBlinded(role));
  }

  /** Whether the viewer is blinded in any trial that they see, registered or yet to come. */
  get isBlindedSomewhere(): boolean {
    if (this.seesEveryTrial && this.assignments.every(({ role, trial }) => trial !== undefined || isBlinded(role))) {
      return true;
    }
    return this.assignments.some(({ trial }) => trial !== undefined && this.isBlindedIn(trial));
  }

  /**
   * Whether the viewer may be told positions of the tenant's log, and whatever else moves with everything that is recorded
   * in it. All trials of a tenant share that log, so who is blinded in one of them is told none in another.
   */
  get knowsPositions(): boolean {
    return this.assignments.length > 0 && !this.isBlindedSomewhere;
  }

  /** Whether the viewer's token is good for this. One that is not limited is for everything but operation. */
  mayUse(scope: Scope): boolean {
    return this.scopes.size === 0 ? scope !== 'cairn:operate' : this.scopes.has(scope);
  }

  /** What of an area the viewer sees in the trial. */
  reach(area: Area, trial: string): Reach {
    return reachOf(this.inTrial(trial).map((assignment) => [sight[assignment.role][area], assignment]));
  }

  /** When the roles end by which the viewer sees the whole area in the trial; undefined when one of them has no end. */
  reachEnds(area: Area, trial: string): Instant | undefined {
    const ends = this.inTrial(trial)
      .filter(({ role }) => sight[role][area] === 'trial' || sight[role][area] === 'recorded')
      .map(({ until }) => (until === undefined ? Infinity : parseInstant(until)!));
    const last = Math.max(...ends, -Infinity);
    return last === Infinity ? undefined : last;
  }

  /** For what the viewer may give the command in the trial; `sealed` where not at all. */
  mayGive(command: GuardedCommand, trial: string): Reach {
    const rights: Readonly<Partial<Record<Role, Extent>>> = commandRights[command];
    return reachOf(this.inTrial(trial).map((assignment) => [rights[assignment.role] ?? 'none', assignment]));
  }

  /** Whether the viewer sees the area in the tenant as a whole, beyond single trials. */
  seesInTenant(area: Area): boolean {
    return this.assignments.some(
      ({ role, trial }) => trial === undefined && (sight[role][area] === 'trial' || sight[role][area] === 'recorded'),
    );
  }

  /** Whether the viewer may give the command for the tenant as a whole: a new trial, a person. */
  mayGiveInTenant(command: GuardedCommand): boolean {
    const rights: Readonly<Partial<Record<Role, Extent>>> = commandRights[command];
    return this.assignments.some(({ role, trial }) => trial === undefined && rights[role] === 'trial');
  }

  /** Whether there is any trial in which the viewer may give the command for anything. */
  mayGiveSomewhere(command: GuardedCommand): boolean {
    const rights: Readonly<Partial<Record<Role, Extent>>> = commandRights[command];
    return this.assignments.some(({ role }) => rights[role] !== undefined);
  }

  private inTrial(trial: string): readonly Assignment[] {
    return this.assignments.filter((assignment) => assignment.trial === undefined || assignment.trial === trial);
  }
}

function reachOf(extents: readonly (readonly [Extent, Assignment])[]): Reach {
  const has = (wanted: Extent): boolean => extents.some(([extent]) => extent === wanted);
  if (has('trial')) return { kind: 'whole', recorded: false };
  if (has('recorded')) return { kind: 'whole', recorded: true };
  const sites = extents.flatMap(([extent, { site }]) => (extent === 'site' && site !== undefined ? [site] : []));
  const workers = extents.flatMap(([extent, { worker }]) =>
    extent === 'caseload' && worker !== undefined ? [worker] : [],
  );
  if (sites.length + workers.length > 0) return { kind: 'part', sites: new Set(sites), workers: new Set(workers) };
  return { kind: 'sealed', reason: has('sealed') ? 'BLINDED' : 'NOT_IN_ROLE' };
}
