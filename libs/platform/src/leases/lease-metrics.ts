import { Counter, Gauge, type Registry } from 'prom-client';
import type { DatabaseClock } from './database-clock.js';
import type { Leases } from './leases.js';

/** What operators see of the work that instances share. Every service has the same, so that they can be added up. */
export function observeLeases(registry: Registry, leases: Pick<Leases, 'clock' | 'state'>): void {
  const registers = [registry];
  new Gauge({
    name: 'cairn_lease_held',
    help: 'Tenants that this process works on.',
    registers,
    collect() {
      this.set(leases.state().held);
    },
  });
  new Counter({
    name: 'cairn_lease_takeovers_total',
    help: 'Leases that this process has taken.',
    registers,
    collect() {
      this.reset();
      this.inc(leases.state().takeovers);
    },
  });
  observeInstances(registry, leases);
}

/** @param instances of a service, whether they hold leases or not */
export function observeInstances(
  registry: Registry,
  instances: { readonly clock: DatabaseClock; state(): { readonly instances: number } },
): void {
  const registers = [registry];
  new Gauge({
    name: 'cairn_instances_live',
    help: 'Processes of this service that live, this one among them.',
    registers,
    collect() {
      this.set(instances.state().instances);
    },
  });
  new Gauge({
    name: 'cairn_clock_skew_seconds',
    help: 'By how much the clock of this machine is ahead of the database’s, which is the one that counts.',
    registers,
    collect() {
      this.set(instances.clock.skewSeconds() ?? 0);
    },
  });
}
