import type { Logger } from 'pino';
import type { WatchObserver } from './watch-metrics.js';

/** Writes down what an operator wants to know afterwards, and hands everything on. */
export const observeWatchWithLog = (logger: Pick<Logger, 'error' | 'debug'>, next: WatchObserver): WatchObserver => ({
  turned: (tenant, turn) => {
    const { position, halted, ...numbers } = turn;
    if (halted) {
      const at = { position: halted.position.toString(), reason: halted.reason };
      logger.error({ tenant, ...at }, 'the watch met an event that it cannot read, and goes no further');
    }
    if (turn.events > 0 || turn.timers > 0) {
      logger.debug({ tenant, position: position.toString(), ...numbers }, 'the watch took in what there was');
    }
    next.turned(tenant, turn);
  },
  failed: (tenant, error) => {
    logger.error({ tenant, err: error }, 'watching failed; it is tried again after a pause');
    next.failed(tenant, error);
  },
});
