import type { TenantId } from '@cairn/event-sourcing';
import { badInput } from '../graphql/errors.js';
import type { EngagementAnswer, TrialState } from './trial-state.js';
import type { TrialStates } from './trial-states.js';
import type { Watcher } from './watcher.js';

/**
 * The engagement table of a trial at once, then whenever it may have become another: after a commit that touches the
 * trial, and when a window closes by time. A reader that is slow to ask is given the newest table next.
 *
 * Not a generator: `return()` of a generator waits for what it is waiting for, here perhaps for ever.
 */
export class EngagementChanges implements AsyncIterableIterator<EngagementAnswer> {
  private watcher: Watcher | undefined;
  private validUntil: number | undefined;
  private ended = false;

  constructor(
    private readonly states: TrialStates,
    private readonly tenant: TenantId,
    private readonly trial: string,
    private readonly definitionId: string,
    private readonly clock: () => number = Date.now,
  ) {}

  async next(): Promise<IteratorResult<EngagementAnswer, undefined>> {
    if (this.ended) return { done: true, value: undefined };
    try {
      if (!this.watcher) {
        // Watching begins before reading, so that no commit falls in between.
        this.watcher = this.states.watch(this.tenant, this.trial);
        return { done: false, value: await this.answer() };
      }
      const wait = this.validUntil === undefined ? undefined : Math.max(0, this.validUntil - this.clock());
      if (!(await this.watcher.next(wait))) return { done: true, value: undefined };
      return { done: false, value: await this.answer() };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<EngagementAnswer, undefined>> {
    this.ended = true;
    this.watcher?.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async answer(): Promise<EngagementAnswer> {
    const state = (await this.states.current(this.tenant, this.trial)) as TrialState | undefined;
    if (!state) throw badInput('there is no such trial');
    const definition = state.definition(this.definitionId);
    if (!definition) throw badInput('the trial has no such engagement definition');
    const answer = state.engagement(definition, {}, this.clock());
    this.validUntil = answer.validUntil;
    return answer;
  }
}
