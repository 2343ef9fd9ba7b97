import {
  type AnyMessage,
  type Event,
  ExpectedVersionConflictError,
  type MessageProcessor,
  type ReadEventMetadataWithGlobalPosition,
} from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { type Contender, PAGE_SIZE, POLL_EVERY_MS } from './contender.js';
import { openPool } from './pool.js';

/** emmett-postgresql (https://github.com/event-driven-io/emmett): its event store, and a consumer of its log. */
export async function emmett(url: string): Promise<Contender> {
  const pool = openPool(url);
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
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
    // A processor of its own kind: the library's reactor stores a checkpoint for every event and would fall behind.
    follow: async (deliver, signal) => {
      const processor: MessageProcessor<AnyMessage, ReadEventMetadataWithGlobalPosition> = {
        id: 'bench',
        instanceId: 'bench',
        type: 'reactor',
        isActive: true,
        init: async () => undefined,
        start: async () => ({ lastCheckpoint }),
        close: async () => undefined,
        handle: async (messages: readonly { readonly metadata: ReadEventMetadataWithGlobalPosition }[]) => {
          for (const { metadata } of messages) {
            deliver(metadata.messageId, metadata.streamName, Number(metadata.streamPosition));
            lastCheckpoint = metadata.globalPosition;
          }
        },
      };
      const pulling = { batchSize: PAGE_SIZE, pullingFrequencyInMs: POLL_EVERY_MS };
      const consumer = store.consumer<AnyMessage & Event>({ processors: [processor], pulling });
      const stop = (): void => void consumer.stop();
      signal.addEventListener('abort', stop);
      await consumer.start();
    },
    close: async () => {
      await store.close();
      await pool.end().catch(() => undefined);
    },
  };
}
