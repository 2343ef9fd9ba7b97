import {
  type FollowingAid,
  followLog,
  LOG_START,
  type RecordedEvent,
  type SubscriptionOptions,
} from '@cairn/event-sourcing';
import type { KurrentLog } from './kurrent-log.js';

/** What stands for all tenants where one is followed; no tenant has an empty name. */
const ALL = '';

/** The logs of all tenants, followed as the log of one is. */
export const followAll = (
  store: Pick<KurrentLog, 'readAll' | 'onAppended'>,
  options: SubscriptionOptions,
  aid: FollowingAid,
): AsyncGenerator<readonly RecordedEvent[], void, void> =>
  followLog(
    {
      readLog: (_all, { from, limit }) => store.readAll({ after: from ?? LOG_START, limit }),
      onAppended: (listener) => store.onAppended(() => listener(ALL)),
    },
    ALL,
    options,
    aid,
  );
