import type { SimulatedTrial } from './simulate-trial.js';
import { INTERVENTION_ARM, isEngaged } from './simulated-life.js';

/** What was made for a site, counted while it is made: what every table that is read from it must say. */
export interface SiteTally {
  readonly site: string;
  readonly randomised: number;
  readonly offered: number;
  /** Offered, and the worker is on record. */
  readonly withData: number;
  /** By the definition `table`, of those with data. */
  readonly engaged: number;
  readonly contacts: number;
  readonly groupSupervisions: number;
  readonly fidelity: number | null;
}

export const tallyOf = (trial: SimulatedTrial): readonly SiteTally[] =>
  trial.sites.map(({ site }, number) => {
    const tally = { randomised: 0, offered: 0, withData: 0, engaged: 0, contacts: 0 };
    for (const life of trial.lives(number)) {
      tally.randomised++;
      tally.contacts += life.contacts.length;
      if (life.arm === INTERVENTION_ARM) tally.offered++;
      if (life.worker !== undefined) tally.withData++;
      if (isEngaged(life)) tally.engaged++;
    }
    const [assessment] = trial.assessments(number);
    let groupSupervisions = 0;
    for (const session of trial.supervisions(number)) if (session.data.kind === 'group') groupSupervisions++;
    return { site, ...tally, groupSupervisions, fidelity: assessment?.data.total ?? null };
  });
