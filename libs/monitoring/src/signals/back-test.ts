import type { Instant } from '@cairn/event-sourcing';
import type { SignalRule } from '@cairn/signals/rule';
import { Temporal } from 'temporal-polyfill';
import type { Episode } from './episode.js';
import { ruleEpisodes } from './rule-episodes.js';
import type { TrialFacts } from './trial-facts.js';

/** Of the past that a rule is tried on: `from` counts, `to` no longer does. */
export interface BackTestSpan {
  readonly from: Instant;
  readonly to: Instant;
}

/** A signal that a rule would have raised. */
export interface BackTestSignal extends Episode {
  /** When it was over; undefined where it still held at the end of the span. */
  readonly until: Instant | undefined;
  readonly end: Episode['end'];
}

/** How often a rule would have raised signals at a site. */
export interface BackTestSite {
  readonly site: string;
  readonly draft: BackTestCounts;
  readonly inForce: BackTestCounts;
}

export interface BackTestCounts {
  readonly raised: number;
  /** Of these, those that still held at the end. */
  readonly openAtEnd: number;
  /** By local calendar month, as `2017-03`, every month of the span in order. */
  readonly months: readonly { readonly month: string; readonly raised: number }[];
}

/** What a draft would have raised, beside the rule in force. */
export interface BackTest {
  /** Everything that the draft would have raised, in the order of time. */
  readonly draft: readonly BackTestSignal[];
  readonly inForce: readonly BackTestSignal[];
  /** Raised by both of the same cause: the draft's. */
  readonly both: readonly BackTestSignal[];
  /** Raised by the draft only. */
  readonly added: readonly BackTestSignal[];
  /** Raised by the rule in force only. */
  readonly removed: readonly BackTestSignal[];
  /** Every site of the register, by rising id. */
  readonly sites: readonly BackTestSite[];
}

/**
 * Runs a draft over the past, as if it had been in force all along, on what is on record now. A signal is the draft's where
 * its episode begins within the span. Draft and rule in force raise the same where subject and cause are the same; of
 * thresholds and trends, whose causes depend on the limit, where their times overlap.
 * @param inForce absent: nothing is in force under the draft's name
 */
export function backTest(
  draft: SignalRule,
  inForce: SignalRule | undefined,
  facts: TrialFacts,
  span: BackTestSpan,
): BackTest {
  const byDraft = raised(draft, facts, span);
  const byRule = inForce === undefined ? [] : raised(inForce, facts, span);
  const same = isSame(draft);
  const bySubject = (signals: readonly BackTestSignal[]) => Map.groupBy(signals, ({ subject }) => nameOf(subject));
  const [ofDraft, ofRule] = [bySubject(byDraft), bySubject(byRule)];
  const inBoth = (signal: BackTestSignal, others: typeof ofRule): boolean =>
    others.get(nameOf(signal.subject))?.some((other) => same(signal, other)) ?? false;
  const months = monthsOf(span, facts);
  return {
    draft: byDraft,
    inForce: byRule,
    both: byDraft.filter((signal) => inBoth(signal, ofRule)),
    added: byDraft.filter((signal) => !inBoth(signal, ofRule)),
    removed: byRule.filter((signal) => !inBoth(signal, ofDraft)),
    sites: [...facts.setting.sites.keys()].sort().map((site) => ({
      site,
      draft: counts(byDraft, site, months, facts),
      inForce: counts(byRule, site, months, facts),
    })),
  };
}

const raised = (rule: SignalRule, facts: TrialFacts, { from, to }: BackTestSpan): readonly BackTestSignal[] =>
  ruleEpisodes(rule, facts)
    .filter((episode) => episode.from >= from && episode.from < to)
    .map((episode) =>
      episode.until !== undefined && episode.until >= to ? { ...episode, until: undefined, end: undefined } : episode,
    );

const nameOf = ({ kind, id }: Episode['subject']): string => `${kind}\n${id}`;

/** Whether two signals of one subject are the same. */
function isSame({ condition }: SignalRule): (a: BackTestSignal, b: BackTestSignal) => boolean {
  const byTime = condition.kind === 'threshold' || condition.kind === 'trend';
  return (a, b) => a.cause === b.cause || (byTime && a.from < (b.until ?? Infinity) && b.from < (a.until ?? Infinity));
}

function counts(
  signals: readonly BackTestSignal[],
  site: string,
  months: readonly string[],
  { setting }: TrialFacts,
): BackTestCounts {
  const there = signals.filter((signal) => signal.site === site);
  const monthly = Map.groupBy(there, ({ from }) => monthOf(from, setting));
  return {
    raised: there.length,
    openAtEnd: there.filter(({ until }) => until === undefined).length,
    months: months.map((month) => ({ month, raised: monthly.get(month)?.length ?? 0 })),
  };
}

const monthOf = (instant: Instant, { calendar }: TrialFacts['setting']): string =>
  calendar.dayOf(instant).toPlainYearMonth().toString();

function monthsOf({ from, to }: BackTestSpan, { setting }: TrialFacts): readonly string[] {
  if (from >= to) return [];
  const last = setting.calendar.dayOf(to - 1).toPlainYearMonth();
  const months: string[] = [];
  for (
    let month = setting.calendar.dayOf(from).toPlainYearMonth();
    Temporal.PlainYearMonth.compare(month, last) <= 0;
    month = month.add({ months: 1 })
  ) {
    months.push(month.toString());
  }
  return months;
}
