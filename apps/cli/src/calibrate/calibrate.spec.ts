import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultRules } from '@cairn/monitoring';
import { SignalRule } from '@cairn/signals';
import { falseAlarms, simulateTrial, SimulationPlan } from '@cairn/simulation';
import { runCommand as cairn } from '../spec-command.js';
import { calibrate } from './calibrate.js';

const DAY = 86_400_000;
const directory = mkdtempSync(path.join(tmpdir(), 'cairn-calibrate-'));
afterAll(() => rmSync(directory, { recursive: true }));

const given = {
  timeZone: 'UTC',
  sites: [
    { site: 'A', participants: 40 },
    { site: 'B', participants: 25 },
  ],
};
const plan = SimulationPlan.parse(given);
const rules = defaultRules(simulateTrial(plan).description.protocol);
const options = { plan, rounds: 6, seed: 11 };

const never = SignalRule.parse({
  rule: 'never',
  title: 'Fidelity below what there is',
  severity: 'notice',
  condition: { kind: 'threshold', measure: 'fidelity', direction: 'below', limit: 0 },
});

describe('calibration', () => {
  it('finds no false alarm of a rule that can never raise a signal', () => {
    expect(calibrate([never], options).rates).toEqual([
      { rule: 'never', alarms: 0, perSiteAndMonth: 0, standardError: 0 },
    ]);
  });

  it('agrees with counting by hand who was not followed up, and who has no worker', () => {
    const byHand = falseAlarms(['follow_up_overdue', 'worker_unknown'], options, function* (trial) {
      const day = (at: number): number => Math.floor(at / DAY);
      for (const { site, arm, worker, dischargedAt, followedUpAt, randomisedAt, withdrawnAt } of trial.lives()) {
        const due = (day(dischargedAt) + 8) * DAY;
        if ((followedUpAt ?? Infinity) >= due) yield { rule: 'follow_up_overdue', site, from: due };
        const allocation = (day(randomisedAt) + 4) * DAY;
        if (arm === 'peer_support' && worker === undefined && (withdrawnAt ?? Infinity) > allocation) {
          yield { rule: 'worker_unknown', site, from: allocation };
        }
      }
    });
    const counted = calibrate(rules, options);
    expect(byHand.rates.every(({ alarms }) => alarms > 0)).toBe(true);
    for (const rate of byHand.rates) expect(counted.rates.find(({ rule }) => rule === rate.rule)).toEqual(rate);
  });

  it('comes from trials in which nothing is wrong, whatever the plan says of its sites', () => {
    const poor = SimulationPlan.parse({
      ...given,
      sites: plan.sites.map(({ site, participants }) => ({
        site,
        participants,
        engagement: 0,
        fidelity: 4,
        untrained: 1,
      })),
    });
    expect(calibrate(rules, { ...options, plan: poor, rounds: 2 })).toEqual(
      calibrate(rules, { ...options, rounds: 2 }),
    );
  });
});

describe('cairn calibrate', () => {
  const file = (name: string, content: unknown): string => {
    writeFileSync(path.join(directory, name), JSON.stringify(content));
    return path.join(directory, name);
  };
  const planFile = file('plan.json', given);

  it('prints the same bytes for the same seed, a line for each shipped rule', async () => {
    const args = ['calibrate', '--trial-plan', planFile, '--rounds', '2'];
    const once = await cairn(...args, '--seed', '4');
    expect(once.exitCode).toBe(0);
    expect(await cairn(...args, '--seed', '4')).toEqual(once);
    expect((await cairn(...args, '--seed', '5')).out).not.toBe(once.out);
    for (const { rule } of rules)
      expect(once.out).toMatch(new RegExp(`^${rule} +\\d+ +\\d+\\.\\d{4} +\\d+\\.\\d{4}$`, 'm'));
  });

  it('writes figures for machines, of rules of one’s own', async () => {
    const own = file('rules.json', [never]);
    const { out } = await cairn('calibrate', '--trial-plan', planFile, '--rounds', '1', '--rules', own, '--json');
    expect(JSON.parse(out)).toMatchObject({
      rounds: 1,
      seed: 1,
      rates: [{ rule: 'never', alarms: 0, perSiteAndMonth: 0, standardError: null }],
    });
  });

  it.each([
    ['rules that are none', [{ rule: 'x' }], 'is no list of rules:'],
    ['two rules of one name', [never, never], 'has the rule never twice'],
  ])('has no use for %s', async (_, content, why) => {
    const { exitCode, err } = await cairn(
      'calibrate',
      '--trial-plan',
      planFile,
      '--rules',
      file('wrong.json', content),
    );
    expect(exitCode).toBe(2);
    expect(err).toContain(why);
  });
});
