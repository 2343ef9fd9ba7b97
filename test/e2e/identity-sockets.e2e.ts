import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';

let running: RunningApi;
beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T');
  await running.graphql(`{ trial(id: "T", minPosition: "${await running.store.head('test')}") { id } }`);
}, 60_000);
afterAll(() => running.close());

/** A socket that watches the trial's engagement. */
async function watch({ url, token }: SignedIn) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = new Promise<{ code: number; at: number }>((resolve) => {
    socket.once('close', (code) => resolve({ code, at: Date.now() }));
  });
  const query = 'subscription { engagementChanged(trial: "T") { position } }';
  const shown = new Promise<{ type: string }>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string };
      if (message.type === 'connection_ack') {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      } else resolve(message);
    });
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'connection_init', payload: { token } }));
  return { socket, closed, first: Promise.race([shown, closed]) };
}

async function give(mutation: string, input: object): Promise<void> {
  const name = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${name}!) { ${mutation}(input: $input) { __typename } }`;
  const answer = await running.graphql(query, { input: { commandId: randomUUID(), ...input } });
  expect(answer.data?.[mutation]).toEqual({ __typename: 'CommandAccepted' });
}

/** Somebody to whom the API itself gave the role, so that it can take it away again. */
async function withRole(person: string, role: string): Promise<{ person: SignedIn; assignment: string }> {
  const assignment = randomUUID();
  await give('registerPerson', { person, name: person });
  await give('assignRole', { assignment, person, role, trial: 'T' });
  return { person: running.withToken(await running.tokenFor({ person }), { person }), assignment };
}

it('closes with 4401 when the token ends', async () => {
  const { person } = await withRole('brief', 'auditor');
  const expiresAt = (Math.floor(Date.now() / 1_000) + 3) * 1_000;
  const token = await running.tokenFor({ person: person.person, expiresInSeconds: 3 });
  const { first, closed } = await watch({ ...person, token });
  expect(await first).toEqual(expect.objectContaining({ type: 'next' }));
  const { code, at } = await closed;
  expect(code).toBe(4401);
  expect(at).toBeGreaterThanOrEqual(expiresAt);
  expect(at - expiresAt).toBeLessThan(3_000);
});

it('closes with 4403 within five seconds when the role is revoked', async () => {
  const { person, assignment } = await withRole('anna', 'trial_manager');
  const other = await withRole('ben', 'trial_manager');
  const [annas, bens] = [await watch(person), await watch(other.person)];
  expect(await Promise.all([annas.first, bens.first])).toMatchObject([{ type: 'next' }, { type: 'next' }]);
  await give('revokeRole', { assignment, reason: 'left the trial' });
  const revokedAt = Date.now();
  const { code, at } = await annas.closed;
  expect([code, at - revokedAt < 5_000]).toEqual([4403, true]);
  expect(bens.socket.readyState).toBe(WebSocket.OPEN);
  bens.socket.terminate();
});

it('stays open as long as another role allows what is watched', async () => {
  const { person, assignment } = await withRole('carla', 'trial_manager');
  const second = randomUUID();
  await give('assignRole', { assignment: second, person: person.person, role: 'auditor', trial: 'T' });
  const { first, closed, socket } = await watch(person);
  expect(await first).toEqual(expect.objectContaining({ type: 'next' }));
  await give('revokeRole', { assignment, reason: 'auditor only' });
  await expect(person.graphql('{ viewer { roles } }')).resolves.toMatchObject({
    data: { viewer: { roles: ['auditor'] } },
  });
  expect(socket.readyState).toBe(WebSocket.OPEN);
  await give('revokeRole', { assignment: second, reason: 'no more' });
  expect((await closed).code).toBe(4403);
});

it('is not there for somebody without a role', async () => {
  const stranger = running.withToken(await running.tokenFor({ person: 'stranger' }));
  expect(await (await watch(stranger)).closed).toMatchObject({ code: 4403 });
});

it('waits a few seconds for the first message, not longer', async () => {
  const socket = new WebSocket(`${running.api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const code = await new Promise((resolve) => socket.once('close', resolve));
  expect(code).toBe(4408);
});

it('writes one event for each sign-in, and none for whom the tenant does not know', async () => {
  const { person } = await withRole('dora', 'auditor');
  const again = running.withToken(await running.tokenFor({ person: 'dora' }));
  const stranger = running.withToken(await running.tokenFor({ person: 'nobody' }));
  for (const each of [person, person, again, person, stranger]) await each.graphql('{ viewer { id } }');
  const events = await running.store.readStream('test', '@access/person/dora');
  expect(events.map(({ type }) => type)).toEqual(['SignedIn', 'SignedIn']);
  expect(await running.store.readStream('test', '@access/person/nobody')).toEqual([]);
});
