import { randomUUID } from 'node:crypto';
import { binaryEvent, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { times, until } from '../../contracts/event-store/store-under-test.js';
import type { KurrentFake } from './fake-server.js';

const NOBODY = { username: '', password: '' };

/** What anybody would write first: append whatever the stream holds, and on an error once more. */
export async function naiveLoad(kurrent: KurrentFake) {
  const client = KurrentDBClient.connectionString(`kurrentdb://127.0.0.1:${kurrent.port}?tls=false`);
  const options = { streamState: 'any', deadline: 300, requiresLeader: true, credentials: NOBODY } as const;
  const errors: unknown[] = [];
  let [done, stopping] = [0, false];
  const writers = times(1, async (writer) => {
    while (!stopping) {
      const command = randomUUID();
      for (let stored = false; !stored && !stopping;) {
        const events = times(3, () => binaryEvent({ type: command, data: new Uint8Array() }));
        await client.appendToStream(`naive-${writer}`, events, options).then(
          () => void (stored = true),
          (error: unknown) => errors.push(error),
        );
        // A call that begins while the client gives a connection up would end the process.
        if (!stored) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      done++;
    }
  });
  await until(() => done > 20);
  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all(writers);
    await client.dispose();
  };
  const doubled = (): number =>
    [...Map.groupBy(kurrent.log.all, ({ type }) => type).values()].filter(({ length }) => length > 3).length;
  return { errors, stop, doubled };
}
