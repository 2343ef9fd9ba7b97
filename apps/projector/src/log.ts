import type { RunnerObserver } from '@cairn/platform';
import type { Logger } from 'pino';
import type { NotaryObserver } from './notary/notary.js';

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

/** The same of the notary. */
export const observeNotaryWithLog = (logger: Logger, next: NotaryObserver): NotaryObserver => ({
  signed: (tenant, checkpoints) => next.signed(tenant, checkpoints),
  halted: (tenant, position, reason) => {
    logger.error(
      { tenant, position: position.toString(), reason },
      'the log is not what was signed: signing has stopped',
    );
    next.halted(tenant, position, reason);
  },
  resumed: (tenant) => {
    logger.warn({ tenant }, 'the log is what was signed again: signing goes on');
    next.resumed(tenant);
  },
  failed: (tenant, error) => {
    logger.error({ tenant, err: error }, 'signing failed; it is tried again after a pause');
    next.failed(tenant, error);
  },
});
