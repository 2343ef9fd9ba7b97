import type { GraphQLResolveInfo } from 'graphql';
import type { RequestContext } from '../graphql/context.js';
import type { OpenArms } from '../access/open-arms.js';
import type { ShownEvent } from './read-history.js';
import { shownData } from './shown-data.js';

const look = { person: 'statistician', trial: 'T', field: 'Participant.arm' };
const info = { path: { key: 'data', prev: undefined } } as GraphQLResolveInfo;

test('an arm is withheld from an amended randomisation as from a first one', async () => {
  const randomisation = { trial: 'T', participant: 'P1', arm: 'support', stratum: 'psychotic' };
  const record = (type: string) => ({ type, occurredAt: '2020-01-01T00:00:00.000Z', data: randomisation });
  const amendment = (type: string) => ({
    trial: 'T',
    participant: 'P1',
    event: 'e',
    reason: 'r',
    record: record(type),
  });
  const seen = async (type: string, data: object, reach: object) => {
    const sealed: unknown[] = [];
    const viewer = { isBlindedSomewhere: true, reach: () => reach };
    const context = { viewer, disclosures: { seal: (path: unknown) => sealed.push(path), look: () => undefined } };
    const openArms = { to: () => Promise.resolve(new Set()) };
    const event = { type, payload: JSON.stringify(data) } as ShownEvent;
    const answer = await shownData(event, context as unknown as RequestContext, info, openArms as unknown as OpenArms);
    return { text: JSON.stringify(answer), sealed };
  };
  const blinded = { kind: 'sealed', reason: 'BLINDED' };
  const first = await seen('ParticipantRandomised', randomisation, blinded);
  expect(first.sealed).toEqual([['data', 'arm']]);
  const amended = await seen('ParticipantRecordAmended', amendment('ParticipantRandomised'), blinded);
  expect(amended.text).toContain('"arm":null');
  expect(amended.sealed).toEqual([['data', 'record', 'data', 'arm']]);
  for (const { text } of [first, amended]) expect(text).not.toContain('support');
  const whole = await seen('ParticipantRecordAmended', amendment('ParticipantRandomised'), { kind: 'whole' });
  expect(JSON.parse(whole.text)).toEqual(amendment('ParticipantRandomised'));
  const other = await seen('ParticipantRecordAmended', amendment('FollowUpRecorded'), blinded);
  expect(other.sealed).toEqual([]);
});

/** A record of a look at arms as an answer has it, notes included, for who is blinded somewhere or not. */
async function shown(data: object, isBlindedSomewhere: boolean): Promise<string> {
  const notes: unknown[] = [];
  const context = { viewer: { isBlindedSomewhere }, disclosures: { seal: (...note: unknown[]) => notes.push(note) } };
  const event = { type: 'SealedDataRead', payload: JSON.stringify(data) } as ShownEvent;
  const answer = await shownData(event, context as unknown as RequestContext, info, {} as OpenArms);
  return JSON.stringify([answer, notes]);
}

test('who is blinded is shown the same bytes of a look at one arm and of one at many', async () => {
  const looks = [
    { ...look, participant: 'P1', participants: 1, by: 'role' },
    { ...look, participants: 40, by: 'role' },
  ];
  const [one, many] = await Promise.all(looks.map((data) => shown(data, true)));
  expect(one).toBe(many);
  expect(one).toContain('"participant":null,"participants":null');
  const [whole, others] = await Promise.all(looks.map((data) => shown(data, false)));
  expect([JSON.parse(whole!), JSON.parse(others!)]).toEqual(looks.map((data) => [data, []]));
});
