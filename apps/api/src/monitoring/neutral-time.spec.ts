import { isNeutral } from '@cairn/delivery';
import { isNeutralFact, participantsProjection } from '@cairn/monitoring';

it('what delivery calls neutral and what monitoring does are one thing', () => {
  const compared = participantsProjection.specimen
    .filter(({ type }) => type !== 'ParticipantRecordVoided')
    .map((event) => {
      const [fact] = participantsProjection.evolve(undefined, event).facts;
      return [event.type, isNeutral(event, () => undefined), isNeutralFact(fact!)];
    });
  expect(compared.length).toBeGreaterThan(0);
  for (const [type, ofEvent, ofFact] of compared) expect([type, ofFact]).toEqual([type, ofEvent]);
  expect(new Set(compared.map(([, ofEvent]) => ofEvent))).toEqual(new Set([true, false]));
});
