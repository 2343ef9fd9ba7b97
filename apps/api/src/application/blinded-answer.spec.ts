import type { CommandOutcome } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import { NOW, registerTrial, SpecWorld, TENANT } from './spec-world.js';

/*
 * Two worlds in which the same happens to everybody, but for who was offered a peer worker. Whoever is blinded gives the
 * same commands in both and is answered the same bytes. A day lies between any two neutral records, so that times differ.
 */

const at = (day: number): string => new Date(Date.UTC(2019, 0, 1 + day, 9)).toISOString();
const DAY = 86_400_000;

interface Blinded {
  readonly world: SpecWorld;
  readonly assessor: Identity;
  readonly administrator: Identity;
  readonly manager: Identity;
}

async function worldWith(offered: string): Promise<Blinded> {
  const world = new SpecWorld();
  const manager = await world.know('manager', { role: 'trial_manager' });
  const assessor = await world.know('assessor', { role: 'blinded_outcome_assessor', trial: 't' });
  const administrator = await world.know('administrator', { role: 'sponsor_administrator' });
  await registerTrial(world, manager, 't', ['S1']);
  for (const participant of ['P1', 'P2']) {
    world.now += DAY;
    const about = { trial: 't', participant, occurredAt: at(1) };
    const isOffered = participant === offered;
    // Of the commands that only one arm has, no id is used in the other world for anything else.
    const only = (n: number): string => `00000000-0000-4000-8000-9${n}0000000000`;
    await world.accepted(manager, 'referParticipant', { ...about, site: 'S1' });
    await world.accepted(manager, 'recordRandomisation', { ...about, arm: isOffered ? 'peer' : 'usual' });
    if (isOffered) {
      await world.accepted(manager, 'allocateWorker', { ...about, worker: 'S1-W' }, only(1));
      const contact = { ...about, worker: 'S1-W', mode: 'telephone', outcome: 'attended' };
      await world.accepted(manager, 'recordWardContact', { ...contact, contact: 'c1' }, only(2));
      const { events } = await world.accepted(
        manager,
        'recordCommunityMeeting',
        { ...contact, contact: 'c2' },
        only(3),
      );
      await world.accepted(manager, 'voidRecord', { trial: 't', event: events[0]!.id, reason: 'r' }, only(4));
      await world.accepted(manager, 'withdrawParticipant', { ...about, scope: 'intervention' }, only(5));
    }
    await world.accepted(manager, 'recordDischarge', { ...about, occurredAt: at(9) });
  }
  world.now += DAY;
  return { world, assessor, administrator, manager };
}

/** Everything that the blinded may give, and what would tell them something if it could. */
async function answers({ world, assessor, administrator, manager }: Blinded): Promise<readonly CommandOutcome[]> {
  const told: CommandOutcome[] = [];
  const give = async (...given: Parameters<SpecWorld['give']>) => void told.push(await world.give(...given));
  for (const participant of ['P1', 'P2', 'P0']) {
    const about = { trial: 't', participant, occurredAt: at(20) };
    const id = `00000000-0000-4000-8000-7${participant.slice(1)}0000000000`;
    await give(assessor, 'recordFollowUp', about, id);
    await give(assessor, 'recordFollowUp', about, id);
    await give(assessor, 'recordFollowUp', about);
    await give(assessor, 'recordReadmission', about);
    await give(assessor, 'requestUnblinding', {
      trial: 't',
      participant,
      request: `r-${participant}`,
      reason: 'fever',
    });
    // Not theirs, whatever there is.
    await give(assessor, 'recordCommunityMeeting', { ...about, contact: 'c1', worker: 'S1-W' });
    await give(assessor, 'withdrawParticipant', { ...about, scope: 'follow_up' });
    // Under ids that were used in one of the worlds.
    for (const n of [1, 2, 3, 4, 5]) {
      await give(
        assessor,
        'recordFollowUp',
        { ...about, occurredAt: at(30 + n) },
        `00000000-0000-4000-8000-9${n}0000000000`,
      );
    }
  }
  await give(administrator, 'registerWorker', { trial: 't', site: 'S1', worker: 'S1-X', role: 'peer_worker' });
  await give(administrator, 'registerPerson', { person: 'new', name: 'New' });
  await give(administrator, 'assignRole', { assignment: 'a', person: 'new', role: 'trial_manager' });
  const decision = { trial: 't', participant: 'P1', request: 'r-P1' };
  await world.accepted(manager, 'approveUnblinding', decision, '00000000-0000-4000-8000-800000000001');
  await give(assessor, 'requestUnblinding', { ...decision, reason: 'fever' });
  return told;
}

test('whoever is blinded is answered the same bytes, whichever participant was offered a worker', async () => {
  const [one, other] = [await worldWith('P1'), await worldWith('P2')];
  const [inOne, inOther] = [await answers(one), await answers(other)];
  expect(inOne).toEqual(inOther);
  expect(inOne.filter(({ kind }) => kind === 'accepted').length).toBe(19);
  // The worlds do differ: a manager is answered otherwise.
  const followUp = { trial: 't', participant: 'P1', occurredAt: at(50) };
  const managers = await Promise.all(
    [one, other].map(({ world, manager }) =>
      world.accepted(manager, 'recordFollowUp', followUp, '00000000-0000-4000-8000-600000000000'),
    ),
  );
  expect(managers[0]!.events[0]!.revision).not.toBe(managers[1]!.events[0]!.revision);
});

test('positions are times of recording, revisions count what both arms have, the id is the one that was given', async () => {
  const { world, assessor } = await worldWith('P1');
  const commandId = '00000000-0000-4000-8000-70000000ABCD';
  const about = { trial: 't', participant: 'P1', occurredAt: at(20) };
  const outcome = await world.accepted(assessor, 'recordFollowUp', about, commandId);
  // After the referral, the randomisation and the discharge.
  expect(outcome).toMatchObject({
    position: BigInt(world.now),
    events: [{ position: BigInt(world.now), revision: 3, commandId: commandId.toLowerCase() }],
  });
  world.now += DAY;
  expect(await world.give(assessor, 'recordFollowUp', about, commandId)).toEqual(outcome);
  // Said again under another id, it adds nothing: the newest neutral record of the participant is that one.
  expect(await world.give(assessor, 'recordFollowUp', about)).toEqual({ ...outcome, events: [] });
});

test('who is blinded in one trial is told no positions in another', async () => {
  const { world, manager } = await worldWith('P1');
  await registerTrial(world, manager, 'u', ['S1']);
  const both = await world.know(
    'both',
    { role: 'blinded_outcome_assessor', trial: 't' },
    { role: 'trial_manager', trial: 'u' },
  );
  const referral = { trial: 'u', participant: 'P1', site: 'S1', occurredAt: at(1) };
  expect(await world.accepted(both, 'referParticipant', referral)).toMatchObject({ position: BigInt(world.now) });
  expect(world.now).toBeGreaterThan(NOW);
  expect(await world.store.head(TENANT)).toBeLessThan(1_000n);
});
