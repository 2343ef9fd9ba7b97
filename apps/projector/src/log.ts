import type { RunnerObserver } from '@cairn/platform';
import type { Logger } from 'pino';

/** Writes down what an operator wants to know afterwards, and hands everything on. */
export const observeWithLog = (logger: Logger, next: RunnerObserver): RunnerObserver => ({
  ...next,
  failed: (tenant, error) => {
    logger.error({ tenant, err: error }, 'projecting failed; it is tried again after a pause');
    next.failed?.(tenant, error);
  },
  halted: (tenant, halt) => {
    logger.error({ tenant, ...halt, position: halt.position.toString() }, 'a read model halted at an event');
    next.halted?.(tenant, halt);
  },
  swapped: async (built) => {
    logger.info(built, 'a new building of a read model serves');
    await next.swapped?.(built);
  },
});
