import type { Viewer } from '@cairn/access';
import { badInput, forbidden, isUnavailable } from '../graphql/errors.js';
import type { EngagementAnswer, TrialState } from './trial-state.js';
import type { TrialStates } from './trial-states.js';
import { TrialSight } from './trial-sight.js';
import type { Watcher } from './watcher.js';

const RETRY_AFTER_MS = 1_000;

/** What somebody watches. */
export interface Watched {
  readonly trial: string;
  readonly definition: string;
  /** Whoever watches, with the roles that they hold when this is asked. */
  viewer(): Promise<Viewer>;
}

/**
 * The engagement table of a trial at once, then whenever it may have become another: after a commit that touches the
 * trial, and when a window closes by time. A reader that is slow to ask is given the newest table next. Each table is
 * made for the roles that are held when it is sent; it ends with an error when they allow none any more.
 *
 * Not a generator: `return()` of a generator waits for what it is waiting for, here perhaps for ever.
 */
export class EngagementChanges implements AsyncIterableIterator<EngagementAnswer> {
  private watcher: Watcher | undefined;
  private validUntil: number | undefined;
  private answered: EngagementAnswer['sites'] | undefined;
  private ended = false;

  constructor(
    private readonly states: TrialStates,
    private readonly watched: Watched,
    private readonly clock: () => number = Date.now,
  ) {}

  async next(): Promise<IteratorResult<EngagementAnswer, undefined>> {
    if (this.ended) return { done: true, value: undefined };
    try {
      if (!this.watcher) return { done: false, value: await this.first() };
      for (;;) {
        const wait = this.validUntil === undefined ? undefined : Math.max(0, this.validUntil - this.clock());
        if (!(await this.watcher.next(wait))) return { done: true, value: undefined };
        const { answered } = this;
        const answer = await this.answerWhenReachable();
        if (!answer) return { done: true, value: undefined };
        // Woken by what the last answer had in it already, or by a timer that was a little early.
        if (this.answered !== answered) return { done: false, value: answer };
      }
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

  private async first(): Promise<EngagementAnswer> {
    const viewer = await this.watched.viewer();
    // Before anything of the trial is looked at, so that it is answered alike whatever there is.
    if (!viewer.seesTrial(this.watched.trial)) throw noSuchTrial();
    TrialSight.demand(viewer, 'engagement', this.watched.trial);
    // Watching begins before reading, so that no commit falls in between.
    this.watcher = this.states.watch(viewer.tenant, this.watched.trial);
    return this.answer();
  }

  /** A database that is away for a while ends no subscription. @returns undefined when it was ended meanwhile */
  private async answerWhenReachable(): Promise<EngagementAnswer | undefined> {
    for (;;) {
      try {
        return await this.answer();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        if (!(await this.watcher!.next(RETRY_AFTER_MS))) return undefined;
      }
    }
  }

  private async answer(): Promise<EngagementAnswer> {
    const { trial, definition: id } = this.watched;
    const viewer = await this.watched.viewer();
    if (!viewer.seesTrial(trial)) throw forbidden();
    const state = (await this.states.current(viewer.tenant, trial)) as TrialState | undefined;
    if (!state) throw noSuchTrial();
    const sight = new TrialSight(state, viewer);
    const definition = sight.definition(id);
    if (!definition) throw badInput('the trial has no such engagement definition');
    const answer = sight.engagement(definition, {}, this.clock());
    this.validUntil = answer.validUntil;
    // The table stays the same object until a document or the time makes another one. Who sees a part of the trial is not
    // told that something happened in the rest of it.
    const partial = sight.reach('engagement').kind === 'part';
    if (!partial || JSON.stringify(this.answered) !== JSON.stringify(answer.sites)) this.answered = answer.sites;
    return answer;
  }
}

const noSuchTrial = () => badInput('there is no such trial');
