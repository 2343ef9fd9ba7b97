import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { CutResults, CutTask } from './cut-work.js';

/** The thread's file, seen from `src` and from `dist` alike. */
const WORKER = path.resolve(import.meta.dirname, '../../dist/cuts/cut-worker.js');
/** Threads at once, of one tenant one: what others ask for meanwhile waits. */
const THREADS = 2;
/** Megabytes that a thread may hold; half a million events take some two thirds of it. */
const HEAP = 2_048;

/** Makes things of a trial's events beside the event loop, which serves everybody else meanwhile. */
export class Workshop {
  private free = THREADS;
  private readonly waiting: (() => void)[] = [];
  private readonly lastOf = new Map<TenantId, Promise<unknown>>();

  /**
   * @param pages the trial's events in the order of the log
   * @returns undefined for a trial that is not registered
   */
  async make<Kind extends CutTask['kind']>(
    tenant: TenantId,
    task: CutTask & { readonly kind: Kind },
    pages: AsyncIterable<readonly RecordedEvent[]>,
  ): Promise<CutResults[Kind] | undefined> {
    const before = this.lastOf.get(tenant) ?? Promise.resolve();
    const made = before.then(() => this.inThread(() => work<CutResults[Kind]>(task, pages)));
    const settled = made.catch(() => undefined);
    this.lastOf.set(tenant, settled);
    try {
      return await made;
    } finally {
      if (this.lastOf.get(tenant) === settled) this.lastOf.delete(tenant);
    }
  }

  private async inThread<Result>(use: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await use();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

async function work<Result>(
  task: CutTask,
  pages: AsyncIterable<readonly RecordedEvent[]>,
): Promise<Result | undefined> {
  const worker = new Worker(WORKER, { workerData: task, resourceLimits: { maxOldGenerationSizeMb: HEAP } });
  const answer = new Promise<Result | undefined>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with ${code} and without an answer`)));
  });
  // It may end while pages are still read; that is met where the answer is waited for.
  answer.catch(() => undefined);
  try {
    for await (const page of pages) worker.postMessage(page);
    worker.postMessage('all');
    return await answer;
  } finally {
    await worker.terminate();
  }
}
