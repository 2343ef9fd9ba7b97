import { NeutralStreams } from './neutral-streams.js';
import { registerTrial, SpecWorld, TENANT } from './spec-world.js';

const at = (day: number): string => new Date(Date.UTC(2019, 0, 1 + day, 9)).toISOString();
const STREAM = 't/participant/P1';

test('asking again about a participant reads nothing twice, however much one arm has on record', async () => {
  const world = new SpecWorld();
  const manager = await world.know('manager', { role: 'trial_manager' });
  await registerTrial(world, manager, 't', ['S1']);
  const about = { trial: 't', participant: 'P1', occurredAt: at(1) };
  await world.accepted(manager, 'referParticipant', { ...about, site: 'S1' });
  await world.accepted(manager, 'allocateWorker', { ...about, worker: 'S1-W' });
  const contact = { ...about, worker: 'S1-W', mode: 'telephone', outcome: 'attended' };
  for (const n of [1, 2, 3]) await world.accepted(manager, 'recordWardContact', { ...contact, contact: `c${n}` });

  const read: number[] = [];
  const readStream = world.store.readStream.bind(world.store);
  world.store.readStream = async (...range) => {
    const events = await readStream(...range);
    read.push(events.length);
    return events;
  };
  const streams = new NeutralStreams(world.store);
  await streams.of(TENANT, STREAM);
  for (let n = 0; n < 5; n++) await streams.of(TENANT, STREAM);
  expect(read).toEqual([5, 0, 0, 0, 0, 0]);

  read.length = 0;
  const { events } = await world.accepted(manager, 'recordFollowUp', about);
  read.length = 0;
  const [one, other] = await Promise.all([streams.of(TENANT, STREAM), streams.of(TENANT, STREAM)]);
  expect(read).toEqual([1, 0]);
  // After the referral.
  expect([one.rankOf(events[0]!.id), other.rankOf(events[0]!.id)]).toEqual([1, 1]);
  expect(other.recordedAt).toBe(world.now);
});

test('a reading that failed is made again', async () => {
  const world = new SpecWorld();
  const manager = await world.know('manager', { role: 'trial_manager' });
  await registerTrial(world, manager, 't', ['S1']);
  await world.accepted(manager, 'referParticipant', { trial: 't', participant: 'P1', occurredAt: at(1), site: 'S1' });
  const streams = new NeutralStreams(world.store);
  const readStream = world.store.readStream.bind(world.store);
  world.store.readStream = () => Promise.reject(new Error('no store'));
  await expect(streams.of(TENANT, STREAM)).rejects.toThrow('no store');
  world.store.readStream = readStream;
  expect((await streams.of(TENANT, STREAM)).recordedAt).toBe(world.now);
});
