import { EventCatalogue, type EventStore, type Fact, type Instant, type TenantId } from '@cairn/event-sourcing';
import { defaultRules, type RuleInForce, rulesInForce } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';
import { type SignalRule, type SignalRuleEvent, signalRuleEventTypes, signalRulesStream } from '@cairn/signals';

const catalogue = new EventCatalogue(signalRuleEventTypes);

/** The rules of one trial, in all their versions. */
export class SignalRules {
  private readonly shipped = new Map<number, readonly SignalRule[]>();

  constructor(
    private readonly roster: TrialRoster,
    private readonly published: readonly Fact<SignalRuleEvent>[],
  ) {}

  static async of(
    store: Pick<EventStore, 'readStream'>,
    tenant: TenantId,
    trial: string,
    roster: TrialRoster,
  ): Promise<SignalRules> {
    const recorded = await store.readStream(tenant, signalRulesStream(trial));
    return new SignalRules(
      roster,
      recorded.map((event) => catalogue.decode(event) as unknown as Fact<SignalRuleEvent>),
    );
  }

  /** Those that were in force by what was recorded then; none before the trial was. */
  inForce(protocol: TrialRoster['protocols'][number] | undefined, knownAt: Instant): readonly RuleInForce[] {
    const known = this.published.filter(({ recordedAt }) => recordedAt <= knownAt);
    return protocol ? rulesInForce(protocol, known) : [];
  }

  /** What a rule said in a version that raised a signal; undefined where there was none. */
  version(rule: string, version: string): SignalRule | undefined {
    const ofProtocol = /^default\/(\d+)$/.exec(version)?.[1];
    if (ofProtocol === undefined) {
      const found = this.published.find(
        ({ data }) => data.definition.rule === rule && String(data.version) === version,
      );
      return found?.data.definition;
    }
    return this.shippedWith(Number(ofProtocol)).find((each) => each.rule === rule);
  }

  private shippedWith(version: number): readonly SignalRule[] {
    const found = this.roster.protocols.find((each) => each.version === version);
    const rules = this.shipped.get(version) ?? (found ? defaultRules(found.protocol) : []);
    this.shipped.set(version, rules);
    return rules;
  }
}
