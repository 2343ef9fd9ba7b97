import type { Fact } from '@cairn/event-sourcing';
import { type TrialEvent, trialEventTypes } from './events.js';
import type { Trial } from './trial.js';
import { trialsProjection } from './trials-projection.js';

const fold = (facts: readonly Fact<TrialEvent>[]): Trial | undefined =>
  facts.reduce<Trial | undefined>((document, fact) => trialsProjection.evolve(document, fact), undefined);

describe('the trials read model', () => {
  const document = fold(trialsProjection.specimen);

  it('holds the roster, sites and workers in the order of their ids', () => {
    expect(document).toMatchObject({
      kind: 'registered',
      trial: 'trial',
      timeZone: 'Europe/London',
      sites: [{ site: 'S1', localities: ['town', 'rural'] }, { site: 'S2' }],
      workers: [{ worker: 'W1', site: 'S1', daysPerWeek: 2.5 }],
    });
  });

  it('holds every version of the protocol with its times', () => {
    expect(document?.kind === 'registered' && document.protocols).toMatchObject([
      { version: 1, occurredAt: 1, recordedAt: 100, protocol: { interventionWindow: { monthsAfterDischarge: 4 } } },
      { version: 2, occurredAt: 5, recordedAt: 104, protocol: { interventionWindow: { weeksAfterDischarge: 12 } } },
    ]);
  });

  it('is a plain JSON value under the id of its trial', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(trialsProjection.specimen.map((fact) => trialsProjection.keyOf(fact))).toEqual(
      trialsProjection.specimen.map(() => ({ scope: 'trial', id: 'trial' })),
    );
  });

  it('does not fail on an event without a registration', () => {
    expect(fold(trialsProjection.specimen.slice(1))).toEqual({ kind: 'unregistered' });
  });

  it('has a specimen of every type of event', () => {
    expect(new Set(trialsProjection.specimen.map(({ type }) => type))).toEqual(
      new Set(trialEventTypes.map(({ type }) => type)),
    );
  });
});
