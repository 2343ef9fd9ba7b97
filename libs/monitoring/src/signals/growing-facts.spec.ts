import { describe, expect, it } from '@jest/globals';
import type { DeliveryEvent } from '@cairn/delivery/events';
import { specimenId, specimensOf } from '../specimen.js';
import type { TrialRegister } from '../trial-register.js';
import { GrowingFacts } from './growing-facts.js';
import { specProtocol } from './measures/spec-trial.js';
import { participantStanding } from './participant-standing.js';

const who = { trial: 'trial', participant: 'P1' };
const register: TrialRegister = {
  timeZone: 'Europe/London',
  protocols: [{ version: 1, occurredAt: 0, protocol: specProtocol }],
  sites: [{ site: 'S1' }, { site: 'S2' }],
  workers: [{ worker: 'W1', site: 'S2', role: 'peer_worker' }],
};
const [referred, elsewhere, discharged, supervised, trained, registered] = specimensOf<DeliveryEvent>(
  { type: 'ParticipantReferred', data: { ...who, site: 'S1' } },
  {
    type: 'ParticipantRecordAmended',
    data: {
      ...who,
      event: specimenId(0),
      reason: 'of another site',
      record: { type: 'ParticipantReferred', occurredAt: '1970-01-01T00:00:00Z', data: { ...who, site: 'S2' } },
    },
  },
  { type: 'ParticipantDischarged', data: who },
  { type: 'SupervisionHeld', data: { trial: 'trial', site: 'S1', supervision: 'V1', kind: 'group', attendees: [] } },
  { type: 'TrainingAttended', data: { trial: 'trial', worker: 'W1', attendedOn: '2017-01-01', days: 1 } },
  { type: 'TrialRegistered', data: {} } as never,
);

describe('facts that grow', () => {
  const grown = () => {
    const facts = new GrowingFacts(register, undefined);
    return (...events: readonly (typeof referred)[]) => {
      for (const event of events) facts.add(event!);
      const { participants, sites } = facts.takeTouched();
      return { participants: [...participants], sites: [...sites].sort() };
    };
  };

  it('touch a participant and the site, and nobody when asked again', () => {
    const touched = grown();
    expect(touched(referred)).toEqual({ participants: ['P1'], sites: ['S1'] });
    expect(touched()).toEqual({ participants: [], sites: [] });
    expect(touched(discharged)).toEqual({ participants: ['P1'], sites: ['S1'] });
  });

  it('touch the site that somebody leaves as well as the one they come to', () => {
    const touched = grown();
    touched(referred);
    expect(touched(elsewhere)).toEqual({ participants: ['P1'], sites: ['S1', 'S2'] });
  });

  it('touch a site by what it records, and by what its workers do', () => {
    const touched = grown();
    expect(touched(supervised)).toEqual({ participants: [], sites: ['S1'] });
    expect(touched(trained)).toEqual({ participants: [], sites: ['S2'] });
    expect(touched(registered)).toEqual({ participants: [], sites: [] });
  });

  it('are seen by the register that they were given last', () => {
    const facts = new GrowingFacts(register, undefined);
    for (const event of [referred, discharged]) facts.add(event!);
    const closesAt = () => participantStanding(facts, 'P1')?.windowClosesAt;
    expect(closesAt()).toBe(Date.parse('1970-05-02T00:00:00+01:00'));
    const protocol = { ...specProtocol, interventionWindow: { weeksAfterDischarge: 1 } };
    facts.register({ ...register, protocols: [{ version: 2, occurredAt: 1, protocol }] }, '2017-01-01');
    expect(closesAt()).toBe(Date.parse('1970-01-09T00:00:00+01:00'));
    expect(facts.recruitmentTo).toBe('2017-01-01');
    facts.register({ ...register, sites: [{ site: 'S2' }] }, undefined);
    expect(closesAt()).toBeUndefined();
  });
});
