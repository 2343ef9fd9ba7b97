import fc from 'fast-check';
import { trialDecider } from './decide-trial.js';
import { rosterAt, rosterTimes } from './roster-at.js';
import { evolve, type Trial } from './trial.js';
import { trialsProjection } from './trials-projection.js';

const events = trialsProjection.specimen;
const fold = (through: number): Trial | undefined =>
  events
    .slice(0, through)
    .reduce<Trial | undefined>((document, fact) => trialsProjection.evolve(document, fact), undefined);
const today = fold(events.length)!;

describe('the register of an earlier time', () => {
  it('is what the events that were recorded by then fold to', () => {
    if (today.kind !== 'registered') throw new Error('the specimen has no trial');
    for (const [index, { recordedAt }] of events.entries()) {
      expect(rosterAt(today, recordedAt)).toEqual(fold(index + 1));
      expect(rosterAt(today, recordedAt - 1)).toEqual(fold(index));
    }
    expect(rosterAt(today, Infinity)).toEqual(today);
  });

  it('becomes another one at its times and at no other', () => {
    if (today.kind !== 'registered') throw new Error('the specimen has no trial');
    const times = rosterTimes(today);
    expect(times).toEqual(events.map(({ recordedAt }) => recordedAt));
    fc.assert(
      fc.property(fc.integer({ min: 90, max: 110 }), fc.integer({ min: 90, max: 110 }), (a, b) => {
        const epoch = (at: number): number => times.filter((time) => time <= at).length;
        fc.pre(epoch(a) === epoch(b));
        expect(rosterAt(today, a)).toEqual(rosterAt(today, b));
      }),
    );
  });

  it('has every entry that does not say when it was recorded', () => {
    const undated = events.reduce<Trial>(
      (trial, { recordedAt: _, ...event }) => evolve(trial, event),
      trialDecider.initial,
    );
    if (undated.kind !== 'registered') throw new Error('the specimen has no trial');
    expect(rosterAt(undated, -Infinity)).toEqual(undated);
    expect(rosterTimes(undated)).toEqual([]);
  });
});
