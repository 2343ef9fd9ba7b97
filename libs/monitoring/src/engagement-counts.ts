/** A share with the counts that it was made of; `value` in [0, 1], null when the denominator is 0. */
export interface Proportion {
  readonly numerator: number;
  readonly denominator: number;
  readonly value: number | null;
}

/** Numbers of participants of a site, or of all of them. */
export interface EngagementCounts {
  /** Of both arms. */
  readonly randomised: number;
  /** Allocated to an intervention arm. */
  readonly offered: number;
  /** Offered, their peer worker is known, and their data may be used. */
  readonly withData: number;
  /** These three add up to `withData`. */
  readonly engaged: number;
  readonly notYet: number;
  readonly notEngaged: number;
  readonly ofWithData: Proportion;
  readonly ofOffered: Proportion;
  /** Shares of offered: all without data not engaged … all engaged. Null when nobody was offered it. */
  readonly bounds: { readonly lower: number | null; readonly upper: number | null };
}

/** What is counted; everything else follows from it. */
export interface Tally {
  randomised: number;
  offered: number;
  engaged: number;
  notYet: number;
  notEngaged: number;
}

export const emptyTally = (): Tally => ({ randomised: 0, offered: 0, engaged: 0, notYet: 0, notEngaged: 0 });

export function sumOf(tallies: Iterable<Tally>): Tally {
  const sum = emptyTally();
  for (const tally of tallies) {
    sum.randomised += tally.randomised;
    sum.offered += tally.offered;
    sum.engaged += tally.engaged;
    sum.notYet += tally.notYet;
    sum.notEngaged += tally.notEngaged;
  }
  return sum;
}

/** Adds the denominators, the shares and the bounds. */
export function countsOf({ randomised, offered, engaged, notYet, notEngaged }: Tally): EngagementCounts {
  const withData = engaged + notYet + notEngaged;
  const ofOffered = proportion(engaged, offered);
  return {
    randomised,
    offered,
    withData,
    engaged,
    notYet,
    notEngaged,
    ofWithData: proportion(engaged, withData),
    ofOffered,
    bounds: { lower: ofOffered.value, upper: proportion(engaged + offered - withData, offered).value },
  };
}

const proportion = (numerator: number, denominator: number): Proportion => ({
  numerator,
  denominator,
  value: denominator === 0 ? null : numerator / denominator,
});
