import { describe, expect, it } from '@jest/globals';
import { countsOf, emptyTally } from './engagement-counts.js';
import { tableDefinition, textDefinition } from './engagement-definitions.js';
import type { ContactFact, ParticipantFact } from './participant-facts.js';
import { benchmarkOf, monthOf, published, RECORDS_AT_ONCE, takenInUntil } from './site-benchmark.js';
import { TrialEngagement } from './trial-engagement.js';

const counts = (engaged: number, notEngaged: number) => countsOf({ ...emptyTally(), engaged, notEngaged });
const site = (id: string, engaged: number, notEngaged: number) => ({ site: id, counts: counts(engaged, notEngaged) });
const small = { ofWithData: null, suppressed: 'small_numbers' };

describe('a figure of another site', () => {
  it.each([
    [8, 8, 10, 20],
    [12, 13, 10, 25],
    [13, 12, 15, 25],
    [17, 48, 15, 65],
  ])('%d engaged and %d not is %d of %d', (engaged, others, numerator, denominator) => {
    expect(published(counts(engaged, others))).toEqual({
      ofWithData: { numerator, denominator, value: numerator / denominator },
      suppressed: null,
    });
  });

  it.each([
    [7, 40],
    [0, 40],
    [40, 7],
    [40, 0],
    [0, 0],
  ])('%d engaged and %d not is suppressed, all and none too', (engaged, others) => {
    expect(published(counts(engaged, others))).toEqual(small);
  });
});

describe('a benchmark', () => {
  const sites = [site('S1', 3, 30), site('S2', 10, 30), site('S3', 20, 20), site('S4', 20, 40)];

  it('orders the others by their share, whatever they are called', () => {
    const { others } = benchmarkOf(sites, new Set(['S2']));
    expect(others.map(({ ofWithData }) => ofWithData?.value)).toEqual([20 / 40, 20 / 60, undefined]);
    expect(others.at(-1)).toEqual(small);
  });

  it('adds up what is published, so that nothing is left over for what is not', () => {
    const { overall } = benchmarkOf(sites, new Set(['S1']));
    expect(overall.ofWithData).toEqual({ numerator: 50, denominator: 140, value: 50 / 140 });
  });

  it('adds nothing up when only one is published', () => {
    expect(benchmarkOf(sites.slice(0, 2), new Set()).overall).toEqual({
      ofWithData: null,
      suppressed: 'too_few_sites',
    });
  });
});

describe('what is taken in', () => {
  const now = Date.parse('2020-06-15T12:00:00Z');
  const june = Date.parse('2020-06-01T00:00:00+01:00');
  const at = (count: number) => Array.from({ length: count }, (_, index) => june + index * 60_000);

  it('begins with a month in the zone of the trial', () => {
    expect(monthOf(now, 'Europe/London')).toBe(june);
    expect(monthOf(Date.parse('2020-06-30T23:30:00Z'), 'Europe/London')).toBe(Date.parse('2020-07-01T00:00:00+01:00'));
  });

  it('is what months that are over left, and full lots since', () => {
    expect(takenInUntil(at(RECORDS_AT_ONCE - 1), now, 'Europe/London')).toBe(june - 1);
    const lot = june + (RECORDS_AT_ONCE - 1) * 60_000;
    expect(takenInUntil(at(RECORDS_AT_ONCE), now, 'Europe/London')).toBe(lot);
    expect(takenInUntil(at(2 * RECORDS_AT_ONCE - 1), now, 'Europe/London')).toBe(lot);
  });

  it('takes no record in before its time', () => {
    expect(takenInUntil(at(RECORDS_AT_ONCE), june + 60_000, 'Europe/London')).toBe(june - 1);
  });
});

describe('the benchmark of a trial', () => {
  const begin = Date.parse('2017-03-01T09:00:00Z');
  const DAY = 86_400_000;
  const now = Date.parse('2017-06-20T00:00:00Z');
  const trial = {
    timeZone: 'Europe/London',
    protocol: { arms: [{ id: 'peers', intervention: true }], interventionWindow: { weeksAfterDischarge: 26 } },
  };
  const fact = <F>(day: number, content: F) => ({
    event: `${day}`,
    occurredAt: begin + day * DAY,
    recordedAt: begin + day * DAY,
    ...content,
  });
  const contact = (day: number): ContactFact =>
    fact(day, { kind: 'contact' as const, setting: 'community', mode: 'face_to_face', outcome: 'attended' } as const);
  const offered = (where: string): readonly ParticipantFact[] => [
    fact(0, { kind: 'referred' as const, site: where }),
    fact(1, { kind: 'randomised' as const, arm: 'peers' }),
    fact(2, { kind: 'allocated' as const, worker: 'W1' }),
    fact(3, { kind: 'discharged' as const }),
  ];
  const engagement = new TrialEngagement(trial);
  for (const where of ['S1', 'S2']) {
    for (let index = 0; index < 20; index++) {
      engagement.set(`${where}-${index}`, {
        // Ten are engaged in April, three of them in June.
        facts: [...offered(where), ...(index < 10 ? [contact(40), contact(index < 7 ? 41 : 100)] : [])],
      });
    }
  }
  const ask = (asOf?: number) =>
    engagement.benchmark(tableDefinition, ['S2', 'S1'], new Set(['S1']), { asOf, now: now + DAY });

  it('is of the end of the last month', () => {
    expect(ask().asOf).toBe(Date.parse('2017-06-01T00:00:00+01:00') - 1);
    expect(ask(Date.parse('2017-05-31T22:59:59Z')).asOf).toBe(Date.parse('2017-05-01T00:00:00+01:00') - 1);
    // Nothing is told of a month that has not come.
    expect(ask(now + 400 * DAY)).toEqual(ask());
  });

  it('shows own sites in full and others without their small numbers', () => {
    expect(ask().own).toMatchObject([{ site: 'S1', counts: { engaged: 7, withData: 20 } }]);
    expect(ask().others).toEqual([small]);
    const later = engagement.benchmark(textDefinition, ['S2', 'S1'], new Set(['S1']), { now: now + 20 * DAY });
    expect(later.own).toMatchObject([{ site: 'S1', counts: { engaged: 10, withData: 20 } }]);
    expect(later.others[0]?.ofWithData).toEqual({ numerator: 10, denominator: 20, value: 0.5 });
  });
});
