import type { SignalOutcome } from '@cairn/signals/events';

/** How often a rule was right, as far as somebody recorded it. */
export interface RulePrecision {
  readonly rule: string;
  readonly trueProblems: number;
  readonly falseAlarms: number;
  /** The records were wrong, not the site: neither right nor a false alarm. */
  readonly dataProblems: number;
  /** trueProblems / (trueProblems + falseAlarms), in [0, 1]; null without any. */
  readonly precision: number | null;
  /** Wilson's 95 % score interval of `precision`. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * The precision of rules, by rising name of the rule.
 * @param signals of each its rule and the outcome that was recorded last; those without one are left out
 */
export function rulePrecision(
  signals: Iterable<{ readonly rule: string; readonly outcome: SignalOutcome | undefined }>,
): readonly RulePrecision[] {
  const byRule = new Map<string, Record<SignalOutcome, number>>();
  for (const { rule, outcome } of signals) {
    if (outcome === undefined) continue;
    const counts = byRule.get(rule) ?? { true_problem: 0, false_alarm: 0, data_problem: 0 };
    counts[outcome] += 1;
    byRule.set(rule, counts);
  }
  return [...byRule]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([rule, { true_problem: trueProblems, false_alarm: falseAlarms, data_problem: dataProblems }]) => ({
      rule,
      trueProblems,
      falseAlarms,
      dataProblems,
      ...wilson(trueProblems, trueProblems + falseAlarms),
    }));
}

/** The 97.5th percentile of the standard normal distribution. */
const Z = 1.959963984540054;

/** Wilson's score interval (1927): within [0, 1] and of some width even where all were right, or none. */
function wilson(right: number, of: number): Pick<RulePrecision, 'precision' | 'lower' | 'upper'> {
  if (of === 0) return { precision: null, lower: null, upper: null };
  const share = right / of;
  const middle = share + (Z * Z) / (2 * of);
  const half = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  const whole = 1 + (Z * Z) / of;
  // At the ends the exact value is 0 or 1, and rounding must not take it past them.
  return {
    precision: share,
    lower: right === 0 ? 0 : (middle - half) / whole,
    upper: right === of ? 1 : (middle + half) / whole,
  };
}
