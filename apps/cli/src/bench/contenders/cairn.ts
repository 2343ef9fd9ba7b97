import { LOG_START } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import { type Contender, PAGE_SIZE } from './contender.js';

/** Cairn's own event store. Group commit needs few connections: it takes the number that it has in the product. */
export function cairn(url: string, tenant: string): Contender {
  const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
  let position = LOG_START;
  return {
    name: 'cairn',
    append: async ({ id, stream, expected, payload }) => {
      const outcome = await store.append(tenant, {
        stream,
        expected: expected === 0 ? 'none' : expected === 'any' ? 'any' : expected - 1,
        commandId: id,
        actor: 'bench',
        events: [{ type: 'CommunityMeetingRecorded', schemaVersion: 1, occurredAt: Date.now(), payload: payload.text }],
      });
      return outcome.kind === 'conflict' ? 'refused' : 'appended';
    },
    follow: async (deliver, signal) => {
      for await (const page of store.subscribe(tenant, { after: position, pageSize: PAGE_SIZE, signal })) {
        for (const event of page) deliver(event.commandId, event.stream, event.revision);
        position = page.at(-1)!.position;
      }
    },
    close: () => store.close(),
  };
}
