import type { Fact, Instant } from '@cairn/event-sourcing';
import type { SignalRuleEvent } from '@cairn/signals/events';
import type { SignalRule } from '@cairn/signals/rule';
import type { RegisteredProtocol } from '../trial-register.js';
import { defaultRules } from './default-rules.js';
import type { Episode } from './episode.js';

/** A rule as it is in force. */
export interface RuleInForce {
  readonly definition: SignalRule;
  /** `default/` and the version of the protocol for one that is shipped; of one that was published, its number. */
  readonly version: string;
  /** When it was recorded that it is in force; undefined of one that is shipped, which always was. */
  readonly publishedAt: Instant | undefined;
}

/**
 * The rules of a trial: the shipped ones and those that it published, each in its last version. What it publishes under the
 * name of a shipped rule takes the place of that. Rules that are off are among them, for they are known to be.
 * @param published of this trial, in any order
 * @returns the shipped rules in their order, then the trial's own, by rising name
 */
export function rulesInForce(
  { version, protocol }: Pick<RegisteredProtocol, 'version' | 'protocol'>,
  published: readonly Pick<Fact<SignalRuleEvent>, 'recordedAt' | 'data'>[],
): readonly RuleInForce[] {
  const last = new Map<string, RuleInForce>();
  const rising = published.toSorted(
    (a, b) => compare(a.data.definition.rule, b.data.definition.rule) || a.data.version - b.data.version,
  );
  for (const { recordedAt, data } of rising) {
    const { definition } = data;
    last.set(definition.rule, { definition, version: String(data.version), publishedAt: recordedAt });
  }
  const shipped = defaultRules(protocol).map((definition): RuleInForce => {
    const own = last.get(definition.rule);
    last.delete(definition.rule);
    return own ?? { definition, version: `default/${version}`, publishedAt: undefined };
  });
  return [...shipped, ...last.values()];
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/**
 * Whether a rule in force raises a signal of an episode. What a trial publishes looks forward: an episode that was over by
 * then raises none, only one that still held, however long it had.
 */
export const raises = ({ publishedAt = -Infinity }: RuleInForce, { until = Infinity }: Episode): boolean =>
  until > publishedAt;
