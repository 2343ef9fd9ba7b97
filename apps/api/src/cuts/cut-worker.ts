import { parentPort, workerData } from 'node:worker_threads';
import type { RecordedEvent } from '@cairn/event-sourcing';
import { cutWork, type CutTask } from './cut-work.js';
import { TrialFold } from './trial-fold.js';

/*
 * A thread of its own for one task: is sent pages of a trial's events in the order of the log, then nothing more, and
 * answers with what was made of them.
 */
const fold = new TrialFold();
const port = parentPort!;
port.on('message', (page: readonly RecordedEvent[] | 'all') => {
  if (page !== 'all') return fold.add(page);
  port.postMessage(cutWork(workerData as CutTask, fold));
  port.close();
});
