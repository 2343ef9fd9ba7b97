import type { Instant } from '@cairn/event-sourcing';
import { defaultSiteClassCutPoints, engagementDefinition } from '@cairn/monitoring';
import {
  type EngagementDefinition,
  type Protocol,
  rosterAt,
  rosterTimes,
  type SiteClassCutPoints,
  type TrialRoster,
} from '@cairn/registry';
import type { Site } from '../generated/schema.js';
import { presentSite, trialRules } from '../registry/trial-roster.js';

/** What answers need of a trial's register as it stood at one time. */
export class TrialRegister {
  readonly rules: { readonly timeZone: string; readonly protocol: Protocol };
  private readonly byId: ReadonlyMap<string, Site>;
  private readonly opened: ReadonlyMap<string, string | undefined>;

  constructor(readonly roster: TrialRoster) {
    this.rules = trialRules(roster);
    this.byId = new Map(roster.sites.map((site) => [site.site, presentSite(site, roster)]));
    this.opened = new Map(roster.sites.map((site) => [site.site, site.openedOn]));
  }

  /** Ids of the sites, in their order. */
  get sites(): readonly string[] {
    return [...this.byId.keys()];
  }

  site(id: string): Site | undefined {
    return this.byId.get(id);
  }

  openedOn(site: string): string | undefined {
    return this.opened.get(site);
  }

  definition(id: string): EngagementDefinition | undefined {
    return engagementDefinition(this.rules.protocol, id);
  }

  get cutPoints(): SiteClassCutPoints {
    return this.rules.protocol.siteClasses ?? defaultSiteClassCutPoints;
  }
}

/** Registers of earlier times that are kept. */
const MAX_KEPT = 8;

/** A trial's register as it stands, and as it stood. */
export class TrialRegisters {
  readonly present: TrialRegister;
  private readonly times: readonly Instant[];
  /** By how many times had come; the least recently used first. */
  private readonly past = new Map<number, TrialRegister>();

  constructor(roster: TrialRoster) {
    this.present = new TrialRegister(roster);
    this.times = rosterTimes(roster);
  }

  at(knownAt: Instant): TrialRegister {
    const come = this.times.findLastIndex((time) => time <= knownAt) + 1;
    if (come === this.times.length) return this.present;
    const register = this.past.get(come) ?? new TrialRegister(knownRoster(this.present.roster, knownAt));
    this.past.delete(come);
    this.past.set(come, register);
    if (this.past.size > MAX_KEPT) this.past.delete(this.past.keys().next().value!);
    return register;
  }
}

/**
 * The register as it stood at a time. Before the trial was on it, it had no sites and no definitions of its own: what is
 * asked of such a time is answered with nothing, in the trial's zone.
 */
function knownRoster(roster: TrialRoster, knownAt: Instant): TrialRoster {
  const [{ protocol, ...first }] = roster.protocols;
  const unregistered = { ...first, protocol: { ...protocol, engagementDefinitions: [] } };
  return rosterAt(roster, knownAt) ?? { ...roster, protocols: [unregistered], sites: [], workers: [] };
}
