import { LocalDays, isoDay } from './local-days.js';
import type { SimulationPlan, SitePlan } from './plan.js';
import type { SiteRecordOf, TrainingRecord } from './records.js';
import {
  assessments,
  coordinatorId,
  INSTRUMENT,
  preparations,
  type SiteInPlan,
  supervisions,
  trainings,
} from './site-records.js';
import {
  INTERVENTION_ARM,
  openingDay,
  recruitmentEnd,
  simulatedLife,
  type SimulatedLife,
  USUAL_ARM,
  workerId,
} from './simulated-life.js';

/** What `trial.json` of a bundle says. */
export interface SimulatedDescription {
  readonly id: string;
  readonly title: string;
  readonly timeZone: string;
  readonly recruitmentFrom: string;
  readonly recruitmentTo: string;
  readonly protocol: {
    readonly arms: { readonly id: string; readonly intervention: boolean }[];
    readonly strata: string[];
    readonly interventionWindow: SimulationPlan['window'];
    readonly followUpWithinDays: number;
    readonly trainingDays: number;
    readonly groupSupervisionEveryDays: number;
    readonly fidelity: typeof INSTRUMENT;
    readonly engagementDefinitions: [];
  };
}

export interface SimulatedWorker {
  readonly worker: string;
  readonly site: string;
  readonly role: 'peer_worker' | 'coordinator';
}

export interface SimulatedSite {
  readonly site: string;
  readonly employer: SitePlan['employer'];
  /** ISO day. */
  readonly openedOn: string;
  readonly workers: readonly SimulatedWorker[];
}

/** A trial that never was. What happens in it is made when it is asked for and kept nowhere, so it can be of any size. */
export interface SimulatedTrial {
  readonly description: SimulatedDescription;
  readonly sites: readonly SimulatedSite[];
  /** One after another, site by site, at each by the day of referral. */
  lives(site?: number): Generator<SimulatedLife>;
  supervisions(site?: number): Generator<SiteRecordOf<'SupervisionHeld'>>;
  preparations(site?: number): Generator<SiteRecordOf<'TeamPreparationHeld'>>;
  assessments(site?: number): Generator<SiteRecordOf<'FidelityAssessed'>>;
  trainings(site?: number): Generator<TrainingRecord>;
}

/** Makes a trial of a plan; the same one for the same plan. */
export function simulateTrial(plan: SimulationPlan): SimulatedTrial {
  const days = new LocalDays(plan.timeZone);
  const places = plan.sites.map((site, siteNumber): SiteInPlan => ({ plan, site, siteNumber }));
  const ofSites = <T>(make: (place: SiteInPlan, days: LocalDays) => Generator<T>) =>
    function* (site?: number): Generator<T> {
      for (const place of site === undefined ? places : places.slice(site, site + 1)) yield* make(place, days);
    };
  return {
    description: {
      id: plan.trial,
      title: plan.title,
      timeZone: plan.timeZone,
      recruitmentFrom: plan.startsOn,
      recruitmentTo: recruitmentEnd(plan),
      protocol: {
        arms: [
          { id: INTERVENTION_ARM, intervention: true },
          { id: USUAL_ARM, intervention: false },
        ],
        strata: plan.strata,
        interventionWindow: plan.window,
        followUpWithinDays: plan.followUpWithinDays,
        trainingDays: plan.trainingDays,
        groupSupervisionEveryDays: plan.groupSupervisionEveryDays,
        fidelity: INSTRUMENT,
        engagementDefinitions: [],
      },
    },
    sites: plan.sites.map((site) => siteOf(plan, site)),
    lives: ofSites(lives),
    supervisions: ofSites(supervisions),
    preparations: ofSites(preparations),
    assessments: ofSites(assessments),
    trainings: ofSites(trainings),
  };
}

function* lives(place: SiteInPlan, days: LocalDays): Generator<SimulatedLife> {
  for (let number = 0; number < place.site.participants; number++) yield simulatedLife({ ...place, number }, days);
}

function siteOf(plan: SimulationPlan, site: SitePlan): SimulatedSite {
  const peers = Array.from({ length: site.peerWorkers }, (_, number) => workerId(site, number + 1));
  return {
    site: site.site,
    employer: site.employer,
    openedOn: isoDay(openingDay(plan, site)),
    workers: [
      { worker: coordinatorId(site), site: site.site, role: 'coordinator' },
      ...peers.map((worker) => ({ worker, site: site.site, role: 'peer_worker' as const })),
    ],
  };
}
