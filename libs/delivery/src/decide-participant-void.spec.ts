import { specFor } from '@cairn/event-sourcing/spec';
import { participantDecider } from './decide-participant.js';
import {
  discharged,
  followedUp,
  known,
  meet,
  meeting,
  randomised,
  readmitted,
  referred,
  voided,
  voiding,
  withdrawn,
} from './spec-participant.js';
import { world } from './spec-world.js';

const { given } = specFor(participantDecider, world);

describe('void', () => {
  it.each([
    { what: 'a referral', past: [referred] },
    { what: 'a randomisation', past: [referred, randomised] },
    { what: 'an allocation', past: known },
    { what: 'a contact', past: [...known, meeting] },
    { what: 'a discharge', past: [referred, discharged] },
    { what: 'a readmission', past: [referred, readmitted] },
    { what: 'a follow-up', past: [referred, followedUp] },
    { what: 'a withdrawal', past: [referred, withdrawn('follow_up')] },
  ])('strikes $what', ({ past }) =>
    given(...past)
      .when(voiding(past.length - 1))
      .then(voided(past.length - 1)),
  );
  it('happens when it is given', () => {
    const later = { ...world, now: world.now + 7 };
    given(referred)
      .when(voiding(0), later)
      .then({ ...voided(0), occurredAt: later.now });
  });
  it('given again for the same reason changes nothing', () => given(referred, voided(0)).when(voiding(0)).then());
  it('for another reason is refused', () =>
    given(referred, voided(0)).when(voiding(0, 'wrong person')).thenRefused('EVENT_ALREADY_VOIDED', 'event'));
  it('of an unknown event is refused', () => {
    given().when(voiding(0)).thenRefused('EVENT_UNKNOWN', 'event');
    given(referred).when(voiding(1)).thenRefused('EVENT_UNKNOWN', 'event');
  });
  it('of an event of another trial is refused as unknown', () =>
    given(referred)
      .when({ ...voiding(0), trial: 'other' })
      .thenRefused('EVENT_UNKNOWN', 'event'));
  it('of a void is refused', () =>
    given(referred, voided(0)).when(voiding(1)).thenRefused('EVENT_NOT_VOIDABLE', 'event'));
  it('of the referral makes the participant unknown; what was recorded counts again once they are referred anew', () => {
    given(...known, voided(0))
      .when(meet)
      .thenRefused('PARTICIPANT_UNKNOWN', 'participant');
    given(...known, voided(0), referred)
      .when(meet)
      .then(meeting);
  });
});
