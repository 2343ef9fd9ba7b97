import type { Position, TenantId } from '@cairn/event-sourcing';
import type { ReadMark, ReadModels } from '@cairn/platform';
import { type SignalDocument, signalsProjection } from '@cairn/signals';
import { LRUCache } from 'lru-cache';
import { readModelBehind } from '../graphql/errors.js';
import { WAIT_FOR_POSITION_MS } from '../monitoring/trial-states.js';

interface Read {
  readonly mark: ReadMark;
  /** By the signal's id. */
  readonly documents: ReadonlyMap<string, SignalDocument>;
}

/** Trials whose signals are kept. */
const MAX_TRIALS = 100;

/** The signals of trials, from the read model; what was read is kept and read on. */
export class TrialSignals {
  private readonly kept = new LRUCache<string, Promise<Read>>({ max: MAX_TRIALS });

  constructor(private readonly readModels: Pick<ReadModels, 'documents' | 'waitFor'>) {}

  /**
   * All signals of a trial with everything that became of them.
   * @param atLeast is waited for
   * @throws a typed error (READ_MODEL_BEHIND) when it does not come in time
   */
  async of(tenant: TenantId, trial: string, atLeast: Position): Promise<Read['documents']> {
    const read = await this.read(tenant, trial);
    if (read.mark.position >= atLeast) return read.documents;
    const came = await this.readModels.waitFor(tenant, atLeast, { timeoutMs: WAIT_FOR_POSITION_MS });
    if (!came) throw readModelBehind(`the signals have not reached position ${atLeast}`);
    return (await this.read(tenant, trial)).documents;
  }

  private read(tenant: TenantId, trial: string): Promise<Read> {
    const key = JSON.stringify([tenant, trial]);
    const reading = this.readOn(tenant, trial, this.kept.get(key));
    this.kept.set(key, reading);
    return reading;
  }

  private async readOn(tenant: TenantId, trial: string, before: Promise<Read> | undefined): Promise<Read> {
    const read = await before?.catch(() => undefined);
    const { mark, whole, documents } = await this.readModels.documents(tenant, signalsProjection, trial, read?.mark);
    const kept = new Map(whole ? [] : read?.documents);
    for (const { id, document } of documents) kept.set(id, JSON.parse(document) as SignalDocument);
    return { mark, documents: kept };
  }
}
