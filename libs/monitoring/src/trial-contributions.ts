import type { Instant } from '@cairn/event-sourcing';
import { countParticipantCurrency, measureDelays } from './currency.js';
import { countEngagement, engagementsOf } from './engagement-tables.js';
import { countFidelity, turnOfFidelity } from './fidelity-tables.js';
import { addLateRows } from './late-records.js';
import { Contribution } from './ledger.js';
import { participantCourse, turnsOfCourse } from './participant-course.js';
import { countFlow } from './participant-flow.js';
import { addParticipantRow } from './participant-rows.js';
import { instantOf, type RecordVersion } from './record-versions.js';
import { countSupervision, turnsOfSupervision } from './supervision.js';
import { countTraining } from './training-days.js';
import type { TrialSetting } from './trial-setting.js';
import type { TrialUnit } from './trial-units.js';

/**
 * What one participant, site or worker adds to the numbers of the trial at an instant. No number depends on two of them
 * but by adding, or through the columns that are worked out of such sums.
 * @param versions what stands of the unit's records, whenever it occurred
 */
export function contributionOf(
  { kind, id }: TrialUnit,
  versions: readonly RecordVersion[],
  setting: TrialSetting,
  asOf: Instant,
): Contribution {
  switch (kind) {
    case 'participant':
      return ofParticipant(id, versions, setting, asOf);
    case 'site':
      return ofSite(id, versions, setting, asOf);
    case 'worker':
      return ofWorker(id, versions, setting, asOf);
    default:
      return kind satisfies never;
  }
}

function ofParticipant(
  id: string,
  versions: readonly RecordVersion[],
  setting: TrialSetting,
  asOf: Instant,
): Contribution {
  const contribution = new Contribution();
  const course = participantCourse(versions, setting, asOf);
  if (!course) return contribution;
  const engagements = engagementsOf(course, setting, asOf);
  countFlow(contribution, course);
  countEngagement(contribution, course, engagements);
  addParticipantRow(contribution, id, course, engagements, versions, asOf);
  countParticipantCurrency(contribution, course, versions, asOf);
  const shown = course.withdrawnAt.data_use === undefined ? versions : versions.filter(({ type }) => kept.has(type));
  measureDelays(contribution, shown, course.site, asOf);
  addLateRows(contribution, shown, course.site, asOf);
  return contribution;
}

/** What is still counted of somebody whose data may not be used: that they were there, and that they withdrew. */
const kept: ReadonlySet<RecordVersion['type']> = new Set([
  'ParticipantReferred',
  'ParticipantRandomised',
  'ParticipantWithdrawn',
]);

function ofSite(id: string, versions: readonly RecordVersion[], setting: TrialSetting, asOf: Instant): Contribution {
  const contribution = new Contribution();
  if (!setting.sites.has(id)) return contribution;
  countSupervision(contribution, id, versions, setting, asOf);
  countFidelity(contribution, id, versions, setting, asOf);
  measureDelays(contribution, versions, id, asOf);
  addLateRows(contribution, versions, id, asOf);
  return contribution;
}

function ofWorker(id: string, versions: readonly RecordVersion[], setting: TrialSetting, asOf: Instant): Contribution {
  const contribution = new Contribution();
  const worker = setting.workers.get(id);
  if (!worker || !setting.sites.has(worker.site)) return contribution;
  countTraining(contribution, worker, versions, setting, asOf);
  measureDelays(contribution, versions, worker.site, asOf);
  addLateRows(contribution, versions, worker.site, asOf);
  return contribution;
}

/** What the register and the protocol in force add: the parts that rules of tables read by themselves. */
export function contributionOfSetting({ register, version, protocol, definitions }: TrialSetting): Contribution {
  const contribution = new Contribution();
  const amount = (table: string, id: string, column: string, is: string | number | null): void => {
    contribution.amounts.set(`${table}\n${id}\n${column}`, { is });
  };
  for (const { site, openedOn } of register.sites) {
    amount('@site', site, 'site', site);
    amount('@site', site, 'openedOn', openedOn ?? null);
  }
  for (const { id } of definitions) amount('@definition', id, 'definition', id);
  for (const { id } of protocol.arms) amount('@arm', id, 'arm', id);
  amount('@protocol', 'protocol', 'version', version);
  amount('@protocol', 'protocol', 'followUpWithinDays', protocol.followUpWithinDays ?? null);
  amount('@protocol', 'protocol', 'trainingDays', protocol.trainingDays ?? null);
  amount('@protocol', 'protocol', 'groupSupervisionEveryDays', protocol.groupSupervisionEveryDays ?? null);
  amount('@protocol', 'protocol', 'fidelity', protocol.fidelity?.instrument ?? null);
  amount('@protocol', 'protocol', 'siteClasses', protocol.siteClasses ? JSON.stringify(protocol.siteClasses) : null);
  return contribution;
}

/** Instants after `from`, up to `to`, at which the unit's numbers can become others by the passage of time alone. */
export function turnsOf(
  unit: TrialUnit,
  versions: readonly RecordVersion[],
  setting: TrialSetting,
  from: Instant,
  to: Instant,
): readonly Instant[] {
  const turns = ((): readonly Instant[] => {
    switch (unit.kind) {
      case 'participant':
        return turnsOfCourse(versions, setting);
      case 'site':
        return [...turnsOfSupervision(unit.id, setting, from, to), ...turnOfFidelity(unit.id, setting)];
      case 'worker': {
        const startedAt = setting.workers.get(unit.id)?.startedAt;
        return startedAt === undefined ? [] : [instantOf(startedAt)];
      }
      default:
        return unit.kind satisfies never;
    }
  })();
  return turns.filter((turn) => turn > from && turn <= to);
}
