import type { Cohort, Condition, Happening, LevelMeasure, Period, RateMeasure } from './rule.js';

const measures: Readonly<Record<LevelMeasure, string>> = {
  engagement: 'engagement of those with data, in per cent',
  fidelity: 'fidelity',
  training_days: 'training days of a worker with a caseload',
  late_entries: 'records entered late, in per cent',
  missing_contact_data: 'missing contact data, in standard errors from the other sites',
};
const rates: Readonly<Record<RateMeasure, string>> = {
  contacts: 'contacts',
  community_meetings: 'community meetings',
  referrals: 'referrals',
};
const cohorts: Readonly<Record<Cohort, string>> = {
  referred: 'of those referred',
  randomised: 'of those randomised',
  offered: 'of those offered the intervention',
  with_data: 'of those offered the intervention whose peer worker is known',
};
const periods: Readonly<Record<Period, string>> = {
  window: 'within the intervention window',
  delivery: 'while the site delivers',
};

const spaced = (word: string): string => word.replaceAll('_', ' ');
const anyOf = (words: readonly string[] | undefined): string => (words ? `${words.map(spaced).join(' or ')} ` : '');

function happening(of: Happening): string {
  switch (of.what) {
    case 'contact': {
      const how = of.modes ? ` (${of.modes.map(spaced).join(', ')})` : '';
      const outcome = of.outcomes ? ` with outcome ${of.outcomes.map(spaced).join(' or ')}` : '';
      return `${anyOf(of.settings)}contact${how}${outcome}`;
    }
    case 'supervision':
      return `${anyOf(of.kinds)}supervision`;
    case 'opening':
      return 'opening of the site';
    case 'referral':
    case 'randomisation':
    case 'allocation':
    case 'discharge':
    case 'readmission':
    case 'follow_up':
    case 'team_preparation':
      return spaced(of.what);
    default:
      return of satisfies never;
  }
}

const scope = ({ of, during }: { readonly of?: Cohort | undefined; readonly during?: Period | undefined }): string =>
  `${of ? `, ${cohorts[of]}` : ''}${during ? `, ${periods[during]}` : ''}`;

const enough = (atLeast: number | undefined): string => (atLeast === undefined ? '' : `, made of ${atLeast} at least`);

/** A condition as a phrase for people. It follows from the rule alone, so it tells of nobody. */
export function conditionInWords(condition: Condition): string {
  switch (condition.kind) {
    case 'absence': {
      const after = condition.after.map(happening).join(' or ');
      const days = condition.withinDays === 1 ? 'day' : 'days';
      return `no ${happening(condition.expected)} within ${condition.withinDays} ${days} after ${after}${scope(condition)}`;
    }
    case 'sequence':
      return `${happening(condition.before)} without ${happening(condition.missing)} before it${scope(condition)}`;
    case 'threshold': {
      const by = condition.definition === undefined ? '' : ` by definition ${condition.definition}`;
      return `${measures[condition.measure]}${by}, ${condition.direction} ${condition.limit}${enough(condition.atLeast)}`;
    }
    case 'trend': {
      const { measure, direction, overDays, factor, atLeast } = condition;
      return `${rates[measure]} ${direction} by a factor of ${factor} over ${overDays} days${enough(atLeast)}`;
    }
    default:
      return condition satisfies never;
  }
}
