import { type Assignment, Viewer } from './viewer.js';

const viewer = (...held: readonly Omit<Assignment, 'assignment' | 'person'>[]): Viewer =>
  Viewer.of({
    ...{ tenant: 'enrich', person: 'ann', name: 'Ann', scopes: new Set(), validUntil: undefined },
    assignments: held.map((role, index) => ({ assignment: String(index), person: 'ann', ...role })),
  });
const until = (year: number) => ({ until: `${year}-01-01T00:00:00Z` });

describe('what a viewer sees ends', () => {
  it.each<[string, Viewer, string | undefined]>([
    ['with the role', viewer({ role: 'dmc_member', trial: 't', ...until(2030) }), '2030-01-01T00:00:00.000Z'],
    [
      'with the last of several',
      viewer({ role: 'dmc_member', ...until(2030) }, { role: 'unblinded_statistician', trial: 't', ...until(2029) }),
      '2030-01-01T00:00:00.000Z',
    ],
    ['never', viewer({ role: 'dmc_member', ...until(2030) }, { role: 'unblinded_statistician' }), undefined],
    [
      'whatever roles last longer that do not see it, or not there',
      viewer(
        { role: 'dmc_member', trial: 't', ...until(2030) },
        { role: 'trial_manager', trial: 't' },
        { role: 'unblinded_statistician', trial: 'another' },
      ),
      '2030-01-01T00:00:00.000Z',
    ],
  ])('%s', (_when, of, expected) => {
    const ends = of.reachEnds('byArm', 't');
    expect(ends === undefined ? undefined : new Date(ends).toISOString()).toBe(expected);
  });
});
