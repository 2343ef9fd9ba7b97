import { describe, expect, it } from '@jest/globals';
import {
  engagementDefinition,
  engagementDefinitions,
  tableDefinition,
  textDefinition,
} from './engagement-definitions.js';
import { present } from './moment.js';
import type { ParticipantFact } from './participant-facts.js';
import { TrialEngagement } from './trial-engagement.js';

const trial = {
  timeZone: 'Europe/London',
  protocol: { arms: [{ id: 'peer_support', intervention: true }], interventionWindow: { weeksAfterDischarge: 12 } },
};
const DAY = 86_400_000;
const begin = Date.parse('2017-03-01T09:00:00Z');
const fact = <F>(day: number, content: F) => ({
  event: `${day}`,
  occurredAt: begin + day * DAY,
  recordedAt: begin + 9 * DAY,
  ...content,
});
const offered = (site: string): readonly ParticipantFact[] => [
  fact(0, { kind: 'referred' as const, site }),
  fact(1, { kind: 'randomised' as const, arm: 'peer_support' }),
  fact(2, { kind: 'allocated' as const, worker: 'W1' }),
];
const discharged = fact(3, { kind: 'discharged' as const });
/** 4 March + 84 days is 27 May; clocks went forward in between. */
const close = Date.parse('2017-05-28T00:00:00+01:00');

describe('the engagement table', () => {
  it('shows every site by id, also one without participants, with null where nothing can be divided', () => {
    const table = new TrialEngagement(trial).table(tableDefinition, present(close), ['S10', 'S2', 'S1']);
    expect(table.sites.map((row) => row.site)).toEqual(['S1', 'S10', 'S2']);
    for (const counts of [table.overall, ...table.sites.map((row) => row.counts)]) {
      expect(counts).toEqual({
        randomised: 0,
        offered: 0,
        withData: 0,
        engaged: 0,
        notYet: 0,
        notEngaged: 0,
        ofWithData: { numerator: 0, denominator: 0, value: null },
        ofOffered: { numerator: 0, denominator: 0, value: null },
        bounds: { lower: null, upper: null },
      });
    }
    expect(table.validUntil).toBeUndefined();
  });

  it('holds until the next window closes', () => {
    const engagement = new TrialEngagement(trial);
    engagement.set('A', { facts: [...offered('S1'), discharged] });
    const before = engagement.table(tableDefinition, present(close - DAY), ['S1']);
    expect(before.overall).toMatchObject({ notYet: 1, notEngaged: 0 });
    expect(before.validUntil).toBe(close);
    const after = engagement.table(tableDefinition, present(close), ['S1']);
    expect(after.overall).toMatchObject({ notYet: 0, notEngaged: 1 });
    expect(after.validUntil).toBeUndefined();
  });

  it('takes a changed document, and a past state of knowledge', () => {
    const engagement = new TrialEngagement(trial);
    engagement.set('A', { facts: offered('S1') });
    const now = present(close);
    expect(engagement.table(tableDefinition, now, ['S1']).overall).toMatchObject({ withData: 1, notYet: 1 });
    engagement.set('A', { facts: offered('S1').slice(0, 2) });
    expect(engagement.table(tableDefinition, now, ['S1']).overall).toMatchObject({ withData: 0, offered: 1 });
    expect(engagement.table(tableDefinition, { ...now, knownAt: begin }, ['S1']).overall.randomised).toBe(0);
    expect(engagement.size).toBe(1);
  });

  it('knows one definition from another of the same id', () => {
    const engagement = new TrialEngagement(trial);
    const met = fact(5, {
      kind: 'contact' as const,
      setting: 'ward' as const,
      mode: 'video' as const,
      outcome: 'attended' as const,
    });
    engagement.set('A', { facts: [...offered('S1'), discharged, met] });
    const one = { ...textDefinition, requirements: [{ atLeast: 1 }] };
    const two = { ...textDefinition, requirements: [{ atLeast: 2 }] };
    expect(engagement.table(one, present(close), ['S1']).overall.engaged).toBe(1);
    expect(engagement.table(two, present(close), ['S1']).overall.engaged).toBe(0);
  });
});

describe('the list of participants', () => {
  const engagement = new TrialEngagement(trial);
  engagement.set('B', { facts: offered('S2') });
  engagement.set('A', { facts: [...offered('S1'), discharged] });
  engagement.set('C', { facts: offered('S1').slice(0, 1) });
  const list = (filter: object) =>
    engagement.participants(tableDefinition, present(close), filter).map((row) => row.participant);

  it('is by id, and by site or status where asked', () => {
    expect(list({})).toEqual(['A', 'B', 'C']);
    expect(list({ site: 'S1' })).toEqual(['A', 'C']);
    expect(list({ status: 'not_yet' })).toEqual(['B']);
    expect(list({ site: 'S1', status: 'not_offered' })).toEqual(['C']);
    expect(list({ site: 'S3' })).toEqual([]);
  });
});

describe('definitions', () => {
  it('are two in every trial, and its own; the two cannot be redefined', () => {
    const own = { ...textDefinition, id: 'own' };
    const protocol = { engagementDefinitions: [own, { ...own, id: 'table' }] };
    expect(engagementDefinitions(protocol)).toEqual([tableDefinition, textDefinition, own]);
    expect(engagementDefinition(protocol, 'table')).toBe(tableDefinition);
    expect(engagementDefinition(protocol, 'own')).toBe(own);
    expect(engagementDefinition(protocol, 'other')).toBeUndefined();
  });
});
