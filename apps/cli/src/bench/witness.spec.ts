import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AcknowledgedAppend, type Delivery, isFaultless, judge, Witness } from './witness.js';

/** Six appends to two streams, one after the other, and a reader that was given them so. */
const appends: readonly AcknowledgedAppend[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => ({
  id,
  began: 2 * index,
  acknowledged: 2 * index + 1,
}));
const log: readonly Delivery[] = appends.map(({ id }, index) => ({
  id,
  stream: index % 2 === 0 ? 'even' : 'odd',
  revision: Math.floor(index / 2),
}));

const faultless = { lost: 0, duplicated: 0, reordered: 0 };

describe('the judge of a tailed log', () => {
  it('finds nothing in a log that is as it was written', () => {
    expect(judge(appends, log)).toEqual(faultless);
  });

  it('counts an acknowledged event that was never delivered', () => {
    expect(judge(appends, log.toSpliced(2, 1))).toEqual({ ...faultless, lost: 1 });
  });

  it('counts an event delivered twice', () => {
    expect(judge(appends, log.toSpliced(4, 0, log[1]!))).toEqual({ ...faultless, duplicated: 1 });
  });

  it('counts an event delivered after one that was appended later, in another stream', () => {
    expect(judge(appends, [log[1]!, log[0]!, ...log.slice(2)])).toEqual({ ...faultless, reordered: 1 });
  });

  it('counts an event delivered after a later one of its stream, however close they were written', () => {
    const together = appends.map((append) => ({ ...append, began: 0, acknowledged: 100 }));
    expect(judge(together, [log[2]!, log[0]!, log[1]!, ...log.slice(3)])).toEqual({ ...faultless, reordered: 1 });
  });

  it('lets appends that were under way at the same time come in either order', () => {
    const together = appends.map((append) => ({ ...append, began: 0, acknowledged: 100 }));
    expect(judge(together, [log[1]!, log[0]!, ...log.slice(2)])).toEqual(faultless);
  });

  it('does not count what was stored but never acknowledged', () => {
    expect(judge(appends.slice(0, 5), log)).toEqual(faultless);
  });

  it('counts as many faults as were put into a log', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 5 }),
        fc.array(fc.nat({ max: 5 }), { maxLength: 5 }),
        (lost, again) => {
          const repeated = again.filter((index) => !lost.includes(index)).map((index) => log[index]!);
          const faulty = [...log.filter((_, index) => !lost.includes(index)), ...repeated];
          expect(judge(appends, faulty)).toEqual({ lost: lost.length, duplicated: repeated.length, reordered: 0 });
        },
      ),
    );
  });
});

describe('a witness', () => {
  it('is complete once the reader has seen what was acknowledged, in whichever order it hears of the two', () => {
    const witness = new Witness();
    witness.delivered('a', 's', 0);
    expect(witness.complete).toBe(true);
    witness.acknowledged('a', witness.begins());
    witness.acknowledged('b', witness.begins());
    expect(witness.complete).toBe(false);
    witness.delivered('b', 's', 1);
    expect(witness.complete).toBe(true);
    expect(isFaultless(witness.counts())).toBe(true);
  });

  it('gives up on what never came, and goes on to count it as lost', () => {
    const witness = new Witness();
    witness.acknowledged('a', witness.begins());
    expect(witness.complete).toBe(false);
    witness.giveUp();
    expect(witness.complete).toBe(true);
    witness.acknowledged('b', witness.begins());
    expect(witness.complete).toBe(false);
    expect(witness.counts().lost).toBe(2);
  });

  it('counts refusals of appends whose expectation held', () => {
    const witness = new Witness();
    witness.rejected();
    expect(witness.counts()).toEqual({ ...faultless, falselyRejected: 1 });
    expect(isFaultless(witness.counts())).toBe(false);
  });
});
