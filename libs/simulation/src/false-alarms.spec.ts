import { falseAlarms, type FalseAlarm } from './false-alarms.js';
import { SimulationPlan } from './plan.js';
import type { SimulatedTrial } from './simulate-trial.js';

const plan = SimulationPlan.parse({
  sites: [
    { site: 'A', participants: 20 },
    { site: 'B', participants: 20, opensAfterDays: 30, engagement: 0, supervision: { everyDays: 90 } },
  ],
});
const options = { plan, rounds: 5, seed: 7 };

/** An alarm whenever somebody is readmitted. */
function* readmitted(trial: SimulatedTrial): Generator<FalseAlarm> {
  for (const { site, readmitted } of trial.lives()) if (readmitted) yield { rule: 'back', site, from: readmitted.at };
}

describe('false alarms', () => {
  it('are none of a rule that never raises a signal', () => {
    const { rates } = falseAlarms(['never'], options, readmitted);
    expect(rates).toEqual([{ rule: 'never', alarms: 0, perSiteAndMonth: 0, standardError: 0 }]);
  });

  it('are counted per site and month of delivery, with the spread between rounds', () => {
    const counts: number[] = [];
    let days = 0;
    const { siteMonths, rates } = falseAlarms(['back'], options, function* (trial) {
      let count = 0;
      // Twenty at two a week are there after ten weeks and 35 days, and their window is over four months later.
      const ends = new Map(
        trial.sites.map(({ site, openedOn }) => {
          const last = new Date(Date.parse(openedOn) + (70 + 35) * 86_400_000);
          last.setUTCMonth(last.getUTCMonth() + 4);
          return [site, { opened: Date.parse(openedOn), end: last.getTime() + 86_400_000 }];
        }),
      );
      days = [...ends.values()].reduce((sum, { opened, end }) => sum + (end - opened) / 86_400_000, 0);
      for (const alarm of readmitted(trial)) {
        if (alarm.from < ends.get(alarm.site)!.end) count++;
        yield alarm;
      }
      counts.push(count);
    });
    const mean = counts.reduce((sum, count) => sum + count, 0) / 5;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / 4;
    expect(siteMonths).toBeCloseTo(days / 30.4375, 12);
    expect(rates[0]!.alarms).toBe(5 * mean);
    expect(rates[0]!.perSiteAndMonth).toBeCloseTo(mean / siteMonths, 12);
    expect(rates[0]!.standardError).toBeCloseTo(Math.sqrt(variance / 5) / siteMonths, 12);
    expect(new Set(counts).size).toBeGreaterThan(1);
  });

  it('are raised in trials in which nothing is wrong, whatever the plan says', () => {
    falseAlarms(['back'], { ...options, rounds: 1 }, (trial) => {
      expect([...trial.supervisions(1)].length).toBeGreaterThan(25);
      for (const { worker, contacts } of trial.lives(1)) if (worker) expect(contacts.length).toBeGreaterThan(1);
      return [];
    });
  });

  it('are the same for the same seed, others for another, and have no error of a single round', () => {
    const once = falseAlarms(['back'], options, readmitted);
    expect(falseAlarms(['back'], options, readmitted)).toEqual(once);
    expect(falseAlarms(['back'], { ...options, seed: 8 }, readmitted).rates).not.toEqual(once.rates);
    expect(falseAlarms(['back'], { ...options, rounds: 1 }, readmitted).rates[0]!.standardError).toBeNull();
  });
});
