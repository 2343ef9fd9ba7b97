import type { Instant } from '@cairn/event-sourcing';
import type { DeliveryFact } from './versions.js';

/**
 * What delivery must know of a trial to judge a record. The application answers from the registry. Data arrive late,
 * so an arm, stratum or instrument of any version of the protocol is known, not of the present one alone.
 */
export interface DeliveryRoster {
  hasSite(site: string): boolean;
  hasWorker(worker: string): boolean;
  hasArm(arm: string): boolean;
  hasStratum(stratum: string): boolean;
  /** The range of a site total, both ends included; undefined when the trial does not use the instrument. */
  fidelityRange(instrument: string): FidelityRange | undefined;
}

/** Site totals that an instrument can give, on its own scale. */
export interface FidelityRange {
  readonly minimum: number;
  readonly maximum: number;
}

/** What the rules may look at outside of the stream. */
export interface DeliveryWorld {
  readonly now: Instant;
  readonly roster: DeliveryRoster;
  /**
   * What is said by each event that an amendment names. An event never changes, so it is looked up before its stream has
   * its turn; the state of a stream is kept in memory and would be too large with all content in it.
   */
  readonly versions?: ReadonlyMap<string, DeliveryFact>;
}
