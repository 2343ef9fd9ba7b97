import { isNeutral } from '@cairn/delivery';
import { isNeutralFact, participantsProjection } from '@cairn/monitoring';

it('what delivery calls neutral and what monitoring does are one thing', () => {
  const compared = participantsProjection.specimen
    .filter(({ type }) => type !== 'ParticipantRecordVoided')
    .flatMap((event) => {
      // Of what is not folded there is nothing to compare; an amended record is a fact of its own.
      const { facts } = participantsProjection.evolve(undefined, event);
      return facts.map((fact) => [event.type, isNeutral(event, () => undefined), isNeutralFact(fact)] as const);
    });
  expect(compared.map(([type]) => type)).toContain('ParticipantRecordAmended');
  for (const [type, ofEvent, ofFact] of compared) expect([type, ofFact]).toEqual([type, ofEvent]);
  expect(new Set(compared.map(([, ofEvent]) => ofEvent))).toEqual(new Set([true, false]));
});
