import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { PostgresEventStore } from '@cairn/platform';
import type { Product } from '../bench/product.js';
import type { StreamReaders } from '../bench/stream-readers.js';
import { raised, SITES, TRIAL } from '../bench/streams.js';
import { TENANT } from '../bench/trials.js';

/** What the api needs for one alert to one who follows, and for one who follows. */
export async function alertsTo(
  { port, services: { api } }: Product,
  token: string,
  store: PostgresEventStore,
  { readers, alerts }: { readonly readers: number; readonly alerts: number },
): Promise<{ readonly cpu: number; readonly memory: number }> {
  const workerData: StreamReaders = {
    ...{ port, token, trial: TRIAL, sites: SITES },
    ...{ readers, stalled: 0, since: '' },
  };
  const turn = async (): Promise<{ readonly cpu: number; readonly memory: number }> => {
    const before = (await api.memory()) ?? 0;
    const worker = new Worker(new URL('../bench/stream-readers.js', import.meta.url), { workerData });
    await once(worker, 'message');
    const memory = Math.max(0, ((await api.memory()) ?? 0) - before) / readers;
    await wait(2_000);
    const began = await api.cpu();
    for (let alert = 0; alert < alerts; alert++) {
      await store.append(TENANT, raised(SITES[alert % SITES.length]!, 1));
      await wait(20);
    }
    await wait(2_000);
    const cpu = ((await api.cpu()) - began) / ((alerts * readers) / SITES.length);
    worker.postMessage('end');
    await worker.terminate();
    return { cpu, memory };
  };
  // What was once taken for readers is there for the next ones, so only the first turn tells of memory.
  const first = await turn();
  return { cpu: Math.min(first.cpu, (await turn()).cpu), memory: first.memory };
}
