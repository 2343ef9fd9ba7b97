import fc from 'fast-check';
import { armLetters, maskTable } from './masking.js';
import type { ClosedTable } from './report.js';

const secret = 'a secret that is only for these tests';

describe('letters of arms', () => {
  it('are the same whenever they are asked for, and in whatever order the arms are listed', () => {
    const letters = armLetters(secret, 'tenant', 'trial', [['peer', 'usual']]);
    expect(armLetters(secret, 'tenant', 'trial', [['usual', 'peer']])).toEqual(letters);
    expect([...letters.values()].sort()).toEqual(['A', 'B']);
  });

  it('do not change hands when a later version of the protocol adds, drops or reorders arms', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(ids, fc.array(ids, { maxLength: 3 }), (first, later) => {
        const before = armLetters(secret, 'tenant', 'trial', [first]);
        const after = armLetters(secret, 'tenant', 'trial', [first, ...later]);
        for (const [arm, letter] of before) expect(after.get(arm)).toBe(letter);
        expect(new Set(after.values()).size).toBe(after.size);
      }),
    );
  });

  it('tell nothing: an arm is A in half of the trials, and in half of the installations', () => {
    const isA = (...given: Parameters<typeof armLetters>) => Number(armLetters(...given).get('peer') === 'A');
    const arms = [['peer', 'usual']];
    const rounds = Array.from({ length: 2_000 }, (_, nth) => nth);
    const shares = [
      rounds.map((nth) => isA(secret, 'tenant', `trial ${nth}`, arms)),
      rounds.map((nth) => isA(secret, `tenant ${nth}`, 'trial', arms)),
      rounds.map((nth) => isA(`${secret} ${nth}`, 'tenant', 'trial', arms)),
    ].map((found) => found.reduce((sum, each) => sum + each, 0) / rounds.length);
    // Six standard deviations.
    for (const share of shares) expect(Math.abs(share - 0.5)).toBeLessThan(0.07);
  });

  it('go on after Z', () => {
    const arms = Array.from({ length: 28 }, (_, nth) => `arm ${nth}`);
    expect([...armLetters(secret, 'tenant', 'trial', [arms]).values()].slice(24)).toEqual(['Y', 'Z', 'AA', 'AB']);
  });
});

describe('a masked table', () => {
  const table: ClosedTable = {
    table: 'arms',
    audience: 'closed',
    key: ['arm', 'site'],
    columns: ['arm', 'site', 'n'].map((name) => ({ name, definition: name })),
    rows: [
      { arm: 'peer', site: 'S1', n: 1 },
      { arm: 'peer', site: 'S2', n: 2 },
      { arm: 'usual', site: 'S1', n: 3 },
    ],
  };
  const letters = new Map([
    ['peer', 'B'],
    ['usual', 'A'],
  ]);

  it('has letters for arms, in the order of the letters', () => {
    expect(maskTable(table, letters).rows).toEqual([
      { arm: 'A', site: 'S1', n: 3 },
      { arm: 'B', site: 'S1', n: 1 },
      { arm: 'B', site: 'S2', n: 2 },
    ]);
  });

  it('is not made for an arm without a letter, or of a table without arms', () => {
    expect(() => maskTable(table, new Map([['peer', 'A']]))).toThrow('has no letter');
    expect(() => maskTable({ ...table, columns: [] }, letters)).toThrow('has no column arm');
  });
});
