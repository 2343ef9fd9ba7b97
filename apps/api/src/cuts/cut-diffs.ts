import { type Position, parseInstant, type TenantId } from '@cairn/event-sourcing';
import type { TrialChange } from '@cairn/monitoring';
import { LRUCache } from 'lru-cache';
import type { CutReader, TakenCut } from './cut-reader.js';
import type { TrialLog, Turn } from './trial-log.js';
import type { Workshop } from './workshop.js';

/** Changes that are kept, of however many diffs: some hundred megabytes. What is larger by itself is made for each page. */
const MAX_CHANGES = 200_000;

/** What is otherwise between two cuts. Both are fixed, so a diff that was made once is what it is. */
export class CutDiffs {
  private readonly kept = new LRUCache<string, readonly TrialChange[]>({
    maxSize: MAX_CHANGES,
    sizeCalculation: (changes) => changes.length + 1,
  });

  constructor(
    private readonly cuts: CutReader,
    private readonly log: TrialLog,
    private readonly workshop: Workshop,
  ) {}

  /**
   * Of all tables, whoever they are for; by table, row and column.
   * @throws CutAltered when the log does not have the events of one of them
   */
  async between(tenant: TenantId, from: TakenCut, to: TakenCut, turn: Turn): Promise<readonly TrialChange[]> {
    const key = JSON.stringify([tenant, from.cut.trial, from.cut.hash, to.cut.hash]);
    const kept = this.kept.get(key);
    if (kept) return kept;
    const [start, end] = await Promise.all([this.cuts.positionOf(tenant, from), this.cuts.positionOf(tenant, to)]);
    const task = { kind: 'diff', from: moment(start, from), to: moment(end, to) } as const;
    const pages = this.log.pages(tenant, from.cut.trial, start > end ? start : end, turn);
    // A trial of which there are two cuts was registered.
    const changes = (await this.workshop.make(tenant, task, pages))!;
    this.kept.set(key, changes);
    return changes;
  }
}

const moment = (position: Position, { cut }: TakenCut) => ({
  position,
  occurredBefore: parseInstant(cut.occurredBefore)!,
});
