import type { EventStore, Position, TenantId } from '@cairn/event-sourcing';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { WatchTurn } from './tenant-watch.js';

/** What happens is told to whoever keeps metrics and the log. */
export interface WatchObserver {
  turned(tenant: TenantId, turn: WatchTurn): void;
  /** Something failed, and is tried again. */
  failed(tenant: TenantId | undefined, error: unknown): void;
}

/** What operators see of the watch. */
export function watchMetrics(
  registry: Registry,
  store: Pick<EventStore, 'head' | 'readLog'>,
  now: () => number,
): WatchObserver {
  const registers = [registry];
  const labelNames = ['tenant'] as const;
  const positions = new Map<TenantId, Position>();
  const halts = new Map<TenantId, boolean>();
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const events = counter('cairn_watch_events_total', 'Events that were taken in.');
  const timers = counter('cairn_watch_timers_total', 'Timers that ran out and were looked at.');
  const raised = counter('cairn_watch_signals_raised_total', 'Signals that were raised.');
  const changed = counter('cairn_watch_changes_total', 'Changes of signals that were appended, raisings among them.');
  const failures = counter('cairn_watch_failures_total', 'Attempts that failed and were made again after a pause.');
  const lagSeconds = new Gauge({
    name: 'cairn_watch_lag_seconds',
    help: 'Age of the oldest event that was not taken in yet; 0 at the head.',
    labelNames,
    registers,
  });
  const halted = new Gauge({
    name: 'cairn_watch_halted',
    help: '1 when the watch met an event that it cannot read, and waits for code that can.',
    labelNames,
    registers,
  });
  const lag = new Gauge({
    name: 'cairn_watch_lag_events',
    help: 'Events of the log that were not taken in yet.',
    labelNames,
    registers,
    // The first to be looked up looks up what the others show too.
    collect: async () => {
      for (const [tenant, position] of positions) {
        const behind = Number((await store.head(tenant)) - position);
        lag.set({ tenant }, Math.max(0, behind));
        halted.set({ tenant }, halts.get(tenant) ? 1 : 0);
        const [oldest] = behind > 0 ? await store.readLog(tenant, { from: position, limit: 1 }) : [];
        lagSeconds.set({ tenant }, oldest ? Math.max(0, (now() - oldest.recordedAt) / 1_000) : 0);
      }
    },
  });
  return {
    turned: (tenant, turn) => {
      positions.set(tenant, turn.position);
      halts.set(tenant, turn.halted !== undefined);
      events.inc(turn.events);
      timers.inc(turn.timers);
      raised.inc(turn.raised);
      changed.inc(turn.changed);
    },
    failed: () => failures.inc(),
  };
}
