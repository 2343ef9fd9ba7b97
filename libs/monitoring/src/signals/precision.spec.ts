import { describe, expect, it } from '@jest/globals';
import type { SignalOutcome } from '@cairn/signals/events';
import fc from 'fast-check';
import { rulePrecision } from './precision.js';

const signals = (right: number, wrong: number, data = 0, none = 0) =>
  (
    [
      ['true_problem', right],
      ['false_alarm', wrong],
      ['data_problem', data],
      [undefined, none],
    ] as const
  ).flatMap(([outcome, times]) =>
    Array<{ rule: string; outcome: SignalOutcome | undefined }>(times).fill({ rule: 'r', outcome }),
  );

describe('the precision of a rule', () => {
  it.each([
    // Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    [81, 182, 0.2553, 0.3662],
    [15, 133, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 28, 0.0061, 0.1718],
  ])('of %s in the right and %s in the wrong has Wilson’s interval', (right, wrong, lower, upper) => {
    const [found] = rulePrecision(signals(right, wrong));
    expect(found).toMatchObject({ trueProblems: right, falseAlarms: wrong, precision: right / (right + wrong) });
    expect(found!.lower).toBeCloseTo(lower, 4);
    expect(found!.upper).toBeCloseTo(upper, 4);
  });

  it('is not known before somebody recorded whether it was right, and data problems say nothing of it', () => {
    expect(rulePrecision(signals(0, 0, 0, 3))).toEqual([]);
    expect(rulePrecision(signals(0, 0, 2, 3))).toEqual([
      { rule: 'r', trueProblems: 0, falseAlarms: 0, dataProblems: 2, precision: null, lower: null, upper: null },
    ]);
    expect(rulePrecision(signals(3, 1, 5))[0]).toMatchObject({ precision: 0.75, dataProblems: 5 });
  });

  it('lies in its interval, and that in [0, 1]', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (right, wrong) => {
        fc.pre(right + wrong > 0);
        const [found] = rulePrecision(signals(right, wrong));
        const { lower, precision, upper } = found!;
        expect(0 <= lower! && lower! <= precision! && precision! <= upper! && upper! <= 1).toBe(true);
        expect(lower! < upper!).toBe(true);
      }),
    );
  });

  it('is told of each rule, by rising name', () => {
    const two = ['b', 'a'].map((rule) => ({ rule, outcome: 'true_problem' as const }));
    expect(rulePrecision(two).map(({ rule, precision }) => [rule, precision])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });
});
