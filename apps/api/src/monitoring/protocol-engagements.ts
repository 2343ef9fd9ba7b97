import { type ParticipantFacts, TrialEngagement } from '@cairn/monitoring';
import type { TrialRegister } from './trial-register.js';

/** Protocols, beside the one that was asked for last, whose timelines are kept. */
const MAX_KEPT = 4;

/**
 * The participants' engagement by each protocol that is asked for: arms and window make the timelines. Versions that have
 * both in common share them.
 */
export class ProtocolEngagements {
  /** The least recently used first. */
  private readonly kept = new Map<string, TrialEngagement>();
  private readonly byRegister = new WeakMap<TrialRegister, string>();

  constructor(private readonly facts: ReadonlyMap<string, ParticipantFacts>) {}

  /** A participant's document is new or has changed. */
  set(participant: string, facts: ParticipantFacts): void {
    for (const engagement of this.kept.values()) engagement.set(participant, facts);
  }

  of(register: TrialRegister): TrialEngagement {
    const key = this.keyOf(register);
    const engagement = this.kept.get(key) ?? this.read(register);
    this.kept.delete(key);
    this.kept.set(key, engagement);
    if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value!);
    return engagement;
  }

  private read({ rules }: TrialRegister): TrialEngagement {
    const engagement = new TrialEngagement(rules);
    for (const [id, facts] of this.facts) engagement.set(id, facts);
    return engagement;
  }

  private keyOf(register: TrialRegister): string {
    const { timeZone, protocol } = register.rules;
    const key = this.byRegister.get(register) ?? JSON.stringify([timeZone, protocol.arms, protocol.interventionWindow]);
    this.byRegister.set(register, key);
    return key;
  }
}
