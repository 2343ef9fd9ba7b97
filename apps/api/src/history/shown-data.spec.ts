import type { GraphQLResolveInfo } from 'graphql';
import type { RequestContext } from '../graphql/context.js';
import type { OpenArms } from '../access/open-arms.js';
import type { ShownEvent } from './read-history.js';
import { shownData } from './shown-data.js';

const look = { person: 'statistician', trial: 'T', field: 'Participant.arm' };
const info = { path: { key: 'data', prev: undefined } } as GraphQLResolveInfo;

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
