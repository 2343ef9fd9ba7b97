import fc from 'fast-check';
import { type Asked, attempt, permit, type Whereabouts } from './permission.js';
import { commandRights, type GuardedCommand } from './policy.js';
import { type Assignment, Viewer } from './viewer.js';

type Held = Omit<Assignment, 'assignment' | 'person'>;
const viewer = (...held: readonly Held[]): Viewer =>
  Viewer.of({
    tenant: 'enrich',
    person: 'ann',
    name: 'Ann',
    assignments: held.map((role, index) => ({ assignment: String(index), person: 'ann', ...role })),
    scopes: new Set(),
    validUntil: undefined,
  });

const manager = viewer({ role: 'trial_manager', trial: 't' });
const coordinator = viewer({ role: 'site_coordinator', trial: 't', site: 'S1' });
const worker = viewer({ role: 'peer_worker', trial: 't', worker: 'W1' });
const assessor = viewer({ role: 'blinded_outcome_assessor', trial: 't' });
const administrator = viewer({ role: 'sponsor_administrator' });

const allowed = { kind: 'allowed' };
const forbidden = { kind: 'forbidden' };
const asAbsent = (code: string, field: string) => ({ kind: 'asAbsent', code, field });
const noParticipant = asAbsent('PARTICIPANT_UNKNOWN', 'participant');
const noWorker = asAbsent('WORKER_UNKNOWN', 'worker');

const inT = (type: GuardedCommand, more: Omit<Asked, 'type'> = {}): Asked => ({ type, trial: 't', ...more });
const contact = (by: string) => inT('recordWardContact', { worker: by });

describe('a command is permitted', () => {
  it.each<[string, Viewer, Asked, Whereabouts, object]>([
    ['a manager anything in the trial', manager, inT('recordDischarge'), {}, allowed],
    ['a manager no people', manager, inT('assignRole'), {}, forbidden],
    ['nobody without roles anything', viewer(), inT('recordDischarge'), {}, forbidden],

    ['a coordinator their participants', coordinator, inT('recordDischarge'), { site: 'S1' }, allowed],
    ['no participants of other sites', coordinator, inT('recordDischarge'), { site: 'S2' }, noParticipant],
    ['no participants who are not there', coordinator, inT('recordDischarge'), {}, noParticipant],
    ['a referral to the own site', coordinator, inT('referParticipant', { site: 'S1' }), {}, allowed],
    [
      'no referral to another site, whoever is referred',
      coordinator,
      inT('referParticipant', { site: 'S2' }),
      { site: 'S1' },
      asAbsent('SITE_UNKNOWN', 'site'),
    ],
    ['workers of the own site', coordinator, inT('registerWorker', { site: 'S1', worker: 'W9' }), {}, allowed],
    [
      'training of workers of the own site',
      coordinator,
      inT('recordTraining', { worker: 'W1' }),
      { site: 'S1' },
      allowed,
    ],
    ['no training of others', coordinator, inT('recordTraining', { worker: 'W2' }), { site: 'S2' }, noWorker],
    ['a void of the own site’s records', coordinator, inT('voidRecord'), { site: 'S1' }, allowed],
    ['an amendment of the own site’s records', coordinator, inT('amendRecord'), { site: 'S1' }, allowed],
    ['no amendment of others', coordinator, inT('amendRecord'), { site: 'S2' }, asAbsent('EVENT_UNKNOWN', 'event')],
    ['no void of others', coordinator, inT('voidRecord'), { site: 'S2' }, asAbsent('EVENT_UNKNOWN', 'event')],
    ['a coordinator contacts of every worker', coordinator, contact('W7'), { site: 'S1', workers: ['W7'] }, allowed],
    ['a coordinator no protocol', coordinator, inT('publishProtocol'), { site: 'S1' }, forbidden],
    [
      'a coordinator no assessment of fidelity',
      coordinator,
      inT('recordFidelityAssessment', { site: 'S1' }),
      {},
      forbidden,
    ],

    ['a peer worker contacts of the caseload', worker, contact('W1'), { site: 'S1', workers: ['W2', 'W1'] }, allowed],
    ['no contacts of a colleague', worker, contact('W2'), { site: 'S1', workers: ['W2', 'W1'] }, noWorker],
    ['no contacts with others', worker, contact('W1'), { site: 'S1', workers: ['W2'] }, noParticipant],
    ['no contacts with whom nobody is allocated', worker, contact('W1'), {}, noParticipant],
    ['a peer worker no discharge', worker, inT('recordDischarge'), { site: 'S1', workers: ['W1'] }, forbidden],

    ['an assessor the follow-up', assessor, inT('recordFollowUp'), {}, allowed],
    ['an assessor to ask for an arm', assessor, inT('requestUnblinding'), {}, allowed],
    ['an assessor not to decide on it', assessor, inT('approveUnblinding'), {}, forbidden],
    ['an assessor no contacts', assessor, contact('W1'), {}, forbidden],

    ['an administrator people', administrator, { type: 'registerPerson' }, {}, allowed],
    ['an administrator a new trial', administrator, inT('registerTrial'), {}, allowed],
    ['an administrator nothing that is recorded', administrator, inT('recordDischarge'), {}, forbidden],
  ])('%s', (_, who, command, about, expected) => {
    expect(permit(who, command, about)).toEqual(expected);
  });

  it('in another trial like in one that does not exist', () => {
    for (const trial of ['foreign', 'absent']) {
      expect(permit(manager, { type: 'recordDischarge', trial }, { site: 'S1' })).toEqual(
        asAbsent('TRIAL_UNKNOWN', 'trial'),
      );
      expect(permit(manager, { type: 'approveUnblinding', trial }, {})).toEqual(asAbsent('TRIAL_UNKNOWN', 'trial'));
      expect(permit(assessor, { type: 'recordDischarge', trial }, {})).toEqual(forbidden);
      expect(permit(manager, { type: 'registerTrial', trial }, {})).toEqual(forbidden);
    }
  });

  it('by two limited roles where either allows it', () => {
    const both = viewer(
      { role: 'site_coordinator', trial: 't', site: 'S1' },
      { role: 'peer_worker', trial: 't', worker: 'W1' },
    );
    expect(permit(both, contact('W2'), { site: 'S1', workers: ['W2'] })).toEqual(allowed);
    expect(permit(both, contact('W1'), { site: 'S2', workers: ['W1'] })).toEqual(allowed);
    expect(permit(both, contact('W2'), { site: 'S2', workers: ['W1', 'W2'] })).toEqual(noWorker);
    expect(permit(both, inT('recordDischarge'), { site: 'S2', workers: ['W1'] })).toEqual(noParticipant);
  });
});

const command = fc.constantFrom(...(Object.keys(commandRights) as GuardedCommand[]));
const limited = fc.constantFrom(coordinator, worker);

it('what is beyond reach is answered like what is absent', () => {
  const named = { site: fc.constantFrom('S1', 'S2'), worker: fc.constantFrom('W1', 'W2') };
  fc.assert(
    fc.property(limited, command, fc.record(named), (who, type, names) => {
      const asked = inT(type, names);
      expect(permit(who, asked, { site: 'S8', workers: ['W8', 'W9'] })).toEqual(permit(who, asked, {}));
    }),
  );
});

it('an attempt that is allowed is permitted whatever it is about, and one that is forbidden never', () => {
  const anybody = fc.constantFrom(manager, coordinator, worker, assessor, administrator, viewer());
  const about = fc.record({ site: fc.constantFrom('S1', 'S2'), workers: fc.subarray(['W1', 'W2']) });
  fc.assert(
    fc.property(anybody, command, about, (who, type, where) => {
      const first = attempt(who, type, 't');
      const { kind } = permit(who, inT(type, { site: 'S1', worker: 'W1' }), where);
      if (first === 'allowed' || first === 'forbidden') expect(kind).toBe(first);
      else expect(kind).not.toBe('forbidden');
    }),
  );
});
