import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { RunnerObserver } from '@cairn/platform';
import { instantNow, type StoreTracing } from '@cairn/platform/tracing';

/** Of a backlog that is committed in one go no more is remembered: nobody waits for a single event of it. */
const REMEMBERED = 1_000;

/** A span for each commit of a page, in the traces of the commands in it. */
export function observeWithTraces(tracing: StoreTracing | undefined, next: RunnerObserver): RunnerObserver {
  if (!tracing) return next;
  const read = new Map<TenantId, RecordedEvent[]>();
  return {
    ...next,
    read: (tenant, events) => {
      const before = read.get(tenant) ?? [];
      if (before.length < REMEMBERED) read.set(tenant, [...before, ...events]);
    },
    committed: async (tenant, page) => {
      const end = instantNow();
      tracing.worked('projection.commit', read.get(tenant) ?? [], { start: end - page.milliseconds, end });
      read.delete(tenant);
      await next.committed?.(tenant, page);
    },
    failed: (tenant, error) => {
      if (tenant !== undefined) read.delete(tenant);
      next.failed?.(tenant, error);
    },
  };
}
