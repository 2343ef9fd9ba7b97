import { LOG_START } from '@cairn/event-sourcing';
import type { KurrentLog } from '../kurrent/kurrent-log.js';
import type { CopyState, LogCopy } from './log-copy.js';

/** The database cannot be a copy of this store; the message says why and what to do. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}

/**
 * Makes the database a copy of the logs in KurrentDB, or goes on with it. Which KurrentDB it is, its first event says, with
 * where it lies: it is there for ever, and no two have it in common.
 *
 * A database that has logs of its own is taken over only when they seem to be the same; whether they are, copying shows.
 * @throws CopyRefused when the database is a copy of another store, or a store itself
 * @throws EventStoreUnavailable
 */
export async function beginCopy(kurrent: Pick<KurrentLog, 'readAll'>, copy: LogCopy): Promise<CopyState> {
  const [first] = await kurrent.readAll({ after: LOG_START, limit: 1 });
  const source = first && `${first.id}@${first.position}`;
  const before = await copy.state();
  if (before?.source !== undefined && before.source !== source) {
    throw new CopyRefused(
      'The database is a copy of another KurrentDB than KURRENTDB_URL names. Give it its own, or this one an empty database.',
    );
  }
  if (!before && !(await copy.isEmpty()) && !(first && (await copy.beginsWith(first)))) {
    throw new CopyRefused(
      'The database has logs that KurrentDB does not have. "cairn migrate-store --from postgres --to kurrentdb" takes them ' +
        'there; until then the event store is EVENT_STORE=postgres.',
    );
  }
  const state = await copy.begin(source);
  if (state.source !== source) throw new CopyRefused('The database has become a copy of another KurrentDB meanwhile.');
  if (state.position > LOG_START) {
    const [known] = await kurrent.readAll({ after: state.before, limit: 1 });
    if (!known || known.position > state.position) {
      throw new CopyRefused(
        'KurrentDB does not have any more what was copied from it last: it was put back to an earlier time than the database.',
      );
    }
  }
  return state;
}
