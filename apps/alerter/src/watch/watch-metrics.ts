import type { TenantId } from '@cairn/event-sourcing';
import { Counter, type Registry } from 'prom-client';
import type { WatchTurn } from './tenant-watch.js';

/** What happens is told to whoever keeps metrics and the log. */
export interface WatchObserver {
  turned(tenant: TenantId, turn: WatchTurn): void;
  /** Something failed, and is tried again. */
  failed(tenant: TenantId | undefined, error: unknown): void;
}

/** What operators see of the watch. */
export function watchMetrics(registry: Registry): WatchObserver {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const events = counter('cairn_watch_events_total', 'Events that were taken in.');
  const timers = counter('cairn_watch_timers_total', 'Timers that ran out and were looked at.');
  const raised = counter('cairn_watch_signals_raised_total', 'Signals that were raised.');
  const changed = counter('cairn_watch_changes_total', 'Changes of signals that were appended, raisings among them.');
  const failures = counter('cairn_watch_failures_total', 'Attempts that failed and were made again after a pause.');
  return {
    turned: (_, turn) => {
      events.inc(turn.events);
      timers.inc(turn.timers);
      raised.inc(turn.raised);
      changed.inc(turn.changed);
    },
    failed: () => failures.inc(),
  };
}
