import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { OpenStreams } from './open-streams.js';

/** A response whose reader takes nothing while it is told so. */
class SpecResponse extends EventEmitter {
  written = '';
  full = false;
  writableEnded = false;
  destroyed = false;

  write(text: string): boolean {
    this.written += text;
    return !this.full;
  }

  end(text: string): void {
    this.written += text;
    this.writableEnded = true;
    this.emit('close');
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const times = { look: 1_000_000, heartbeat: 15, patience: 60 };

function served({ expiresAt = Infinity } = {}) {
  const clock = { now: 0 };
  const streams = new OpenStreams(times, () => clock.now);
  const response = new SpecResponse();
  const said = { mayGoOn: true as boolean | Error, ended: 0 };
  const write = streams.serve({
    identity: { tenant: 't', person: 'p', name: 'p', client: undefined, session: 's', scopes: new Set(), expiresAt },
    response: response as unknown as ServerResponse,
    mayGoOn: async () => {
      if (said.mayGoOn instanceof Error) throw said.mayGoOn;
      return said.mayGoOn;
    },
    end: () => void said.ended++,
  });
  const lookAt = (now: number): Promise<void> => {
    clock.now = now;
    return streams.look();
  };
  return { streams, response, said, write, lookAt };
}

it('sends a comment where nothing was sent for a while, and only there', async () => {
  const { response, write, lookAt } = served();
  await lookAt(14);
  expect(response.written).toBe('');
  await lookAt(15);
  expect(response.written).toBe(': still here\n\n');
  await lookAt(29);
  void write('data: x\n\n');
  await lookAt(43);
  expect(response.written).toBe(': still here\n\ndata: x\n\n');
  await lookAt(44);
  expect(response.written).toMatch(/x\n\n: still here\n\n$/);
});

it('ends with the token', async () => {
  const { response, said, write, lookAt } = served({ expiresAt: 5 });
  await lookAt(4);
  expect(said.ended).toBe(0);
  await lookAt(5);
  expect(response).toMatchObject({ written: ': token expired\n\n', writableEnded: true });
  expect(said.ended).toBeGreaterThan(0);
  expect(await write('data: late\n\n')).toBe(false);
  expect(response.written).not.toContain('late');
});

it('ends with the roles, and not because they cannot be looked up', async () => {
  const { response, said, lookAt } = served();
  said.mayGoOn = new Error('away');
  await lookAt(1);
  expect(response.writableEnded).toBe(false);
  said.mayGoOn = false;
  await lookAt(2);
  expect(response).toMatchObject({ written: ': roles ended\n\n', writableEnded: true });
});

it('waits for whoever reads slowly, writes nothing more meanwhile, and lets go of whoever does not come back', async () => {
  const { response, said, write, lookAt } = served();
  response.full = true;
  const first = write('data: 1\n\n');
  await lookAt(59);
  expect(response.written).toBe('data: 1\n\n');
  response.full = false;
  response.emit('drain');
  expect(await first).toBe(true);
  response.full = true;
  const second = write('data: 2\n\n');
  await lookAt(118);
  expect(response.destroyed).toBe(false);
  await lookAt(119);
  expect(response.destroyed).toBe(true);
  expect(await second).toBe(false);
  expect(said.ended).toBeGreaterThan(0);
});

it('ends with the service, with a last comment for whoever reads', async () => {
  const { streams, response, said } = served();
  streams.close();
  expect(response).toMatchObject({ written: ': going away\n\n', writableEnded: true });
  expect(said.ended).toBeGreaterThan(0);
  const stalled = served();
  stalled.response.full = true;
  const write = stalled.write('data: 1\n\n');
  stalled.streams.close();
  expect(stalled.response.destroyed).toBe(true);
  expect(await write).toBe(false);
});
