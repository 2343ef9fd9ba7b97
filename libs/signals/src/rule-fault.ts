import { refused, type SignalsRefused } from './refusals.js';
import {
  type Cohort,
  type Happening,
  type LevelMeasure,
  type Period,
  type SignalRule,
  subjectOfHappening,
  type ThresholdCondition,
} from './rule.js';

/** What a trial has that its rules may name. */
export interface RuleSurroundings {
  /** Ids of the definitions of engagement. */
  readonly definitions: ReadonlySet<string>;
  /** Lowest and highest total of the fidelity instrument; undefined where the trial measures none. */
  readonly fidelity: { readonly minimum: number; readonly maximum: number } | undefined;
}

/** Why a rule that has the right shape makes no sense in a trial; undefined where it does. Its field is a path in the rule. */
export function ruleFault({ condition }: SignalRule, surroundings: RuleSurroundings): SignalsRefused | undefined {
  switch (condition.kind) {
    case 'absence':
      return faultOfHappenings(condition, [...condition.after, condition.expected], 'condition.expected');
    case 'sequence':
      return faultOfHappenings(condition, [condition.before, condition.missing], 'condition.missing');
    case 'threshold':
      return faultOfThreshold(condition, surroundings);
    case 'trend':
      // Whatever the shape lets through is a rate of some site.
      return undefined;
    default:
      return condition satisfies never;
  }
}

function faultOfHappenings(
  { of, during }: { readonly of?: Cohort | undefined; readonly during?: Period | undefined },
  happenings: readonly Happening[],
  field: string,
): SignalsRefused | undefined {
  const subjects = new Set(happenings.map(subjectOfHappening));
  if (subjects.size > 1) return refused('RULE_SUBJECTS_MIXED', field);
  if (subjects.has('participant')) {
    return during === 'delivery' ? refused('RULE_NOT_OF_SITES', 'condition.during') : undefined;
  }
  if (of !== undefined) return refused('RULE_NOT_OF_PARTICIPANTS', 'condition.of');
  return during === 'window' ? refused('RULE_NOT_OF_PARTICIPANTS', 'condition.during') : undefined;
}

function faultOfThreshold(
  { measure, definition, direction, limit }: ThresholdCondition,
  { definitions, fidelity }: RuleSurroundings,
): SignalsRefused | undefined {
  if (definition !== undefined && measure !== 'engagement') {
    return refused('RULE_DEFINITION_MISPLACED', 'condition.definition');
  }
  if (definition !== undefined && !definitions.has(definition)) {
    return refused('RULE_DEFINITION_UNKNOWN', 'condition.definition');
  }
  const [least, most] = rangeOf(measure, fidelity);
  // A measure that is strictly below its least value, or above its greatest, does not occur.
  const comesBeyond = direction === 'below' ? limit > least && limit <= most : limit >= least && limit < most;
  return comesBeyond ? undefined : refused('RULE_LIMIT_OUT_OF_RANGE', 'condition.limit');
}

/** Least and greatest value of a measure, in its unit; see the README. */
function rangeOf(measure: LevelMeasure, fidelity: RuleSurroundings['fidelity']): readonly [number, number] {
  switch (measure) {
    case 'engagement':
    case 'late_entries':
      return [0, 100];
    case 'fidelity':
      return fidelity ? [fidelity.minimum, fidelity.maximum] : [-Infinity, Infinity];
    case 'training_days':
      return [0, 366];
    case 'missing_contact_data':
      return [-Infinity, Infinity];
    default:
      return measure satisfies never;
  }
}
