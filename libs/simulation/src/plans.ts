import { between, chanceOf, happens } from './chance.js';
import { SimulationPlan } from './plan.js';

/** A plan of so many sites and participants, in which the sites differ: some engage few, some let supervision lapse. */
export function variedPlan(size: {
  readonly sites: number;
  readonly participants: number;
  readonly seed: number;
}): SimulationPlan {
  const chance = chanceOf(size.seed, 0x51);
  const width = String(size.sites).length;
  const sites = Array.from({ length: size.sites }, (_, index) => {
    const participants =
      Math.floor(((index + 1) * size.participants) / size.sites) - Math.floor((index * size.participants) / size.sites);
    const poor = happens(chance, 0.3);
    const fidelity = (poor ? 70 : 98) + between(chance, 0, 17);
    return {
      site: `S${String(index + 1).padStart(width, '0')}`,
      participants,
      // A year and a half of recruitment, however many there are.
      recruitedPerWeek: Math.max(0.5, participants / 75),
      peerWorkers: Math.min(1_000, 3 + Math.ceil(participants / 25)),
      opensAfterDays: between(chance, 0, 60),
      employer: poor ? 'VOL' : 'NHS',
      engagement: (poor ? 25 + between(chance, 0, 25) : 60 + between(chance, 0, 25)) / 100,
      supervision: poor ? { everyDays: 7 * between(chance, 2, 4) } : { missed: 0.03 },
      untrained: poor ? 0.2 : 0,
      unknownWorkers: poor ? 0.2 : 0.03,
      fidelity: fidelity / 10,
    };
  });
  return SimulationPlan.parse({ seed: size.seed, sites });
}

/**
 * The plan of a trial of the same size in which nothing is wrong at any site, so that every signal is a false alarm: all sites
 * are alike, everybody keeps meeting a worker, and what goes amiss does so by chance and seldom. How seldom is our choice.
 */
export const nullPlan = (plan: SimulationPlan): SimulationPlan => ({
  ...plan,
  sites: plan.sites.map(({ site, participants, opensAfterDays, recruitedPerWeek, peerWorkers, employer }) => ({
    site,
    participants,
    opensAfterDays,
    recruitedPerWeek,
    peerWorkers,
    employer,
    engagement: 1,
    wardContact: 0.97,
    contactsPerWeek: 1,
    attendance: 0.9,
    followedUp: 0.97,
    supervision: { missed: 0.02, gaps: [] },
    untrained: 0,
    lateEntries: { share: 0.05, withinDays: 30 },
    unknownWorkers: 0.03,
    withdrawals: 0.05,
    readmissions: 0.3,
    fidelity: 10.5,
  })),
});
