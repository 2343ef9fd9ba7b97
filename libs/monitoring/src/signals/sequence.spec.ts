import { describe, expect, it } from '@jest/globals';
import { SequenceCondition } from '@cairn/signals/rule';
import { at, contact, discharged, factsOf, of } from './measures/spec-trial.js';
import { sequenceEpisodes } from './sequence.js';

const sequence = (condition: object): SequenceCondition => SequenceCondition.parse({ kind: 'sequence', ...condition });
const P1 = discharged('P1', '2017-03-05');
const onWard = (on: string) =>
  of('P1', 'WardContactRecorded', on, { mode: 'face_to_face', outcome: 'attended' }, `ward on ${on}`);

describe('a sequence', () => {
  const noWard = sequence({ before: { what: 'discharge' }, missing: { what: 'contact', settings: ['ward'] } });

  it('that was not kept says what came when, and is not mended by what came too late', () => {
    expect(sequenceEpisodes(noWard, factsOf([...P1, onWard('2017-03-08')]))).toEqual([
      {
        subject: { kind: 'participant', id: 'P1' },
        site: 'S1',
        cause: 'discharge P1',
        from: at('2017-03-05'),
        until: undefined,
        end: undefined,
        numbers: { before: '2017-03-05T12:00:00.000Z', missing: '2017-03-08T12:00:00.000Z' },
        events: ['discharge P1', 'ward on 2017-03-08'],
      },
    ]);
  });

  it('is broken once, by the first of what should have come later', () => {
    const condition = sequence({ before: { what: 'contact' }, missing: { what: 'discharge' } });
    const meetings = ['2017-02-01', '2017-02-08'].map((on) => contact('P1', on, {}, `on ${on}`));
    expect(sequenceEpisodes(condition, factsOf([...P1, ...meetings])).map(({ cause }) => cause)).toEqual([
      'on 2017-02-01',
    ]);
  });

  it('of a site is the site’s', () => {
    const condition = sequence({
      before: { what: 'opening' },
      missing: { what: 'team_preparation' },
      during: 'delivery',
    });
    const prepared = of('S1', 'TeamPreparationHeld', '2017-01-01T23:59:00Z', { session: 'T1', ward: 'A' });
    const sites = ['S1', 'S2'].map((site) => ({ site, openedOn: '2017-01-02' }));
    expect(sequenceEpisodes(condition, factsOf([prepared], { sites })).map(({ site, cause }) => [site, cause])).toEqual(
      [['S2', 'opening']],
    );
  });
});
