import { formatInstant } from '@cairn/event-sourcing';
import type { SignalSubject } from '@cairn/signals/events';
import type { Condition, LevelMeasure, ThresholdCondition } from '@cairn/signals/rule';
import type { Episode } from './episode.js';
import { engagementOfClosed } from './measures/engagement-of-closed.js';
import { fidelitySteps } from './measures/fidelity-steps.js';
import { lateEntries } from './measures/late-entries.js';
import { missingContactData } from './measures/missing-contact-data.js';
import { eventsOf, runsBeyond, type Step } from './measures/step.js';
import { participantsByWorker, trainingOfCaseload } from './measures/training-of-caseload.js';
import { participantsBySite } from './participant-standing.js';
import type { TrialFacts } from './trial-facts.js';

/**
 * When a measure is beyond its limit: the longest times through which it is, made of `atLeast` or more, strictly below or
 * above the limit. Each ends with `cause_gone` when the measure is at the limit, on its other side, made of too little or
 * not defined.
 *
 * The cause is the measure and when the time began, so it is another one when something that is entered late moves the
 * beginning. None for a definition of engagement that the protocol has not.
 * @param sites of these only; absent: of all of the register
 */
export function thresholdEpisodes(
  condition: ThresholdCondition,
  facts: TrialFacts,
  sites?: ReadonlySet<string>,
): readonly Episode[] {
  const { measure, limit, direction, atLeast = 1 } = condition;
  const isBeyond = ({ value, denominator }: Step): boolean =>
    value !== null && denominator >= atLeast && (direction === 'below' ? value < limit : value > limit);
  return measured(condition, facts, sites).flatMap(({ subject, site, steps }) =>
    runsBeyond(steps, isBeyond).map(({ first, until }) => ({
      subject,
      site,
      cause: causeOf(measure, first.at),
      from: first.at,
      until,
      end: until === undefined ? undefined : ('cause_gone' as const),
      numbers: { value: first.value, limit, ...first.numbers },
      events: eventsOf(first.records()),
    })),
  );
}

/** By when it began, and not by a record: no single one makes a number cross its limit. */
export const causeOf = (measure: string, from: number): string => `${measure}@${formatInstant(from)}`;

/**
 * Whether what is recorded about somebody at one site can change the episodes of another: a site is compared with all
 * others, and a worker may have somebody of another site on their caseload. Then it is not enough to look again at the
 * sites that something was recorded about.
 */
export const reachesOtherSites = (condition: Condition): boolean =>
  condition.kind === 'threshold' && otherSitesMatter.has(condition.measure);

const otherSitesMatter: ReadonlySet<LevelMeasure> = new Set(['missing_contact_data', 'training_days']);

interface Measured {
  readonly subject: SignalSubject;
  readonly site: string;
  readonly steps: readonly Step[];
}

function measured(
  { measure, definition: id = 'table' }: ThresholdCondition,
  facts: TrialFacts,
  only: ReadonlySet<string> | undefined,
): readonly Measured[] {
  const bySite = participantsBySite(facts);
  const participants = (site: string): readonly string[] => bySite.get(site) ?? [];
  const { setting } = facts;
  const sites = [...setting.sites.keys()].filter((site) => only === undefined || only.has(site));
  const ofSites = (stepsOf: (site: string) => readonly Step[]): readonly Measured[] =>
    sites.map((site) => ({ subject: { kind: 'site', id: site }, site, steps: stepsOf(site) }));
  switch (measure) {
    case 'engagement': {
      const definition = setting.definitions.find((each) => each.id === id);
      return definition ? ofSites((site) => engagementOfClosed(facts, participants(site), definition)) : [];
    }
    case 'fidelity':
      return ofSites((site) => fidelitySteps(facts, site));
    case 'late_entries':
      return ofSites((site) => lateEntries(facts, participants(site)));
    case 'missing_contact_data': {
      const registered = new Map([...setting.sites.keys()].map((site) => [site, participants(site)]));
      return ofSites(missingContactData(facts, registered));
    }
    case 'training_days': {
      const asked = new Set(sites);
      const caseloads = participantsByWorker(facts);
      return [...setting.workers.values()]
        .filter(({ role, site }) => role === 'peer_worker' && asked.has(site))
        .map((worker) => ({
          subject: { kind: 'worker', id: worker.worker },
          site: worker.site,
          steps: trainingOfCaseload(facts, worker, caseloads.get(worker.worker) ?? []),
        }));
    }
    default:
      return measure satisfies never;
  }
}
