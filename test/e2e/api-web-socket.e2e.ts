import { CloseCode } from 'graphql-ws';
import { WebSocket } from 'ws';
import { runApi, type RunningApi, setUpTrial } from '../support/running-api.js';

let running: RunningApi;
beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T');
}, 60_000);
afterAll(() => running.close());

describe('the web socket', () => {
  const open = (options = {}) =>
    new WebSocket(`${running.api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options);
  const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve));
  const opened = (socket: WebSocket) => new Promise<void>((resolve) => socket.once('open', () => resolve()));

  it('ends on a message that is too large, or none of the protocol', async () => {
    for (const message of ['x', '{}', 'x'.repeat(1_000_000), '{"type":"next","id":"1","payload":{}}']) {
      const socket = open();
      socket.on('error', () => undefined);
      await opened(socket);
      socket.send(message);
      const code = await closed(socket);
      expect(code).toBeGreaterThan(1000);
      expect(code).not.toBe(CloseCode.InternalServerError);
    }
  });

  it('opens to its own pages and to programs, not to the pages of others', async () => {
    const { host } = new URL(running.api.url);
    const asked = (origin: string) =>
      new Promise<string>((resolve) => {
        const socket = open({ origin });
        socket.once('open', () => resolve('open')).once('error', ({ message }) => resolve(message));
        socket.once('open', () => socket.terminate());
      });
    expect(await asked(`http://${host}`)).toBe('open');
    expect(await asked('https://elsewhere.example')).toContain('401');
    expect(await asked('null')).toContain('401');
  });

  it.each([
    ['a query', '{ viewer { id } }', 'BAD_USER_INPUT'],
    ['a mutation', 'mutation { rebuildReadModel(name: "x") { name } }', 'BAD_USER_INPUT'],
    ['what is no document', 'quack {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown trial', 'subscription { engagementChanged(trial: "x") { asOf } }', 'BAD_USER_INPUT'],
    ['a trial that can be none', 'subscription { engagementChanged(trial: "x\\u0000") { asOf } }', 'BAD_USER_INPUT'],
    [
      'an unknown definition',
      'subscription { engagementChanged(trial: "T", definition: "x") { asOf } }',
      'BAD_USER_INPUT',
    ],
    ['a missing variable', 'subscription ($t: ID!) { engagementChanged(trial: $t) { asOf } }', 'BAD_USER_INPUT'],
    [
      '100 aliases',
      `subscription { engagementChanged(trial: "T") { ${Array.from({ length: 100 }, (_, n) => `a${n}: asOf`).join(' ')} } }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('turns away %s', async (_what, query, code) => {
    const client = running.webSocket();
    try {
      const failure = await (async () => {
        for await (const result of client.iterate({ query })) return result.errors;
        return undefined;
      })().catch((error: unknown) => error);
      expect(failure).toEqual([expect.objectContaining({ extensions: { code } })]);
    } finally {
      await client.dispose();
    }
  });
});
