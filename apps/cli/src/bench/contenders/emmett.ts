import { ExpectedVersionConflictError } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore, postgreSQLEventStoreMessageBatchPuller } from '@event-driven-io/emmett-postgresql';
import { dumbo } from '@event-driven-io/dumbo';
import { type Contender, PAGE_SIZE, POLL_EVERY_MS } from './contender.js';
import { openPool } from './pool.js';

/** emmett-postgresql (https://github.com/event-driven-io/emmett): its event store, and the puller that its consumers run on. */
export async function emmett(url: string): Promise<Contender> {
  const pool = openPool(url);
  const connection = dumbo({ connectionString: url, pool });
  const store = getPostgreSQLEventStore(url, { connectionOptions: { dumbo: connection } });
  await store.schema.migrate();
  let lastCheckpoint = 0n;
  return {
    name: 'emmett',
    append: async ({ id, stream, expected, payload }) => {
      try {
        await store.appendToStream(
          `participant-${stream}`,
          [{ type: 'CommunityMeetingRecorded', data: payload.value, metadata: { messageId: id } }],
          expected === 'any' ? undefined : { expectedStreamVersion: BigInt(expected) },
        );
        return 'appended';
      } catch (error) {
        if (error instanceof ExpectedVersionConflictError) return 'refused';
        throw error;
      }
    },
    follow: async (deliver, signal) => {
      const puller = postgreSQLEventStoreMessageBatchPuller({
        executor: connection.execute,
        batchSize: PAGE_SIZE,
        pullingFrequencyInMs: POLL_EVERY_MS,
        signal,
        eachBatch: async (messages) => {
          for (const { metadata } of messages) {
            deliver(metadata.messageId, metadata.streamName, Number(metadata.streamPosition));
            lastCheckpoint = metadata.globalPosition;
          }
        },
      });
      await puller.start({ startFrom: { lastCheckpoint } });
    },
    close: async () => {
      await store.close();
      await pool.end();
    },
  };
}
