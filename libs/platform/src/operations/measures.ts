import { Gauge, type Registry } from 'prom-client';
import { Database, type DatabaseRole } from '../postgres/database.js';

/** What one statement tells of all tenants; see migration 0017. */
export interface Measure {
  /** Whose rows are `tenant`, the labels, and a column for each gauge. */
  readonly statement: string;
  /** Whether the statement has a parameter: a row for every tenant. */
  readonly byTenant: boolean;
  readonly labels: readonly string[];
  readonly gauges: readonly { readonly column: string; readonly name: string; readonly help: string }[];
}

export const projectionMeasures: readonly Measure[] = [
  {
    statement: 'select * from cairn.measured_logs()',
    byTenant: false,
    labels: [],
    gauges: [
      { column: 'tenants', name: 'cairn_tenants', help: 'Logs that there are.' },
      { column: 'events', name: 'cairn_log_events', help: 'Events in all logs.' },
    ],
  },
  {
    statement: 'select * from cairn.measured_projections($1)',
    byTenant: true,
    labels: ['projection'],
    gauges: [
      {
        column: 'lag_events',
        name: 'cairn_projection_lag_events',
        help: 'Events that the read model has not seen, of the tenant that is furthest behind.',
      },
      {
        column: 'lag_seconds',
        name: 'cairn_projection_lag_seconds',
        help: 'Age of the oldest event that the read model has not seen; 0 at the head.',
      },
      {
        column: 'halted',
        name: 'cairn_projection_halted',
        help: 'Tenants of whom the read model stopped at an event that it cannot fold.',
      },
      {
        column: 'parked',
        name: 'cairn_projection_parked_events',
        help: 'Events that wait for code that can fold them.',
      },
    ],
  },
];

export const proofMeasures: readonly Measure[] = [
  {
    statement: 'select * from cairn.measured_proofs($1)',
    byTenant: true,
    labels: [],
    gauges: [
      {
        column: 'lag_events',
        name: 'cairn_proofs_lag_events',
        help: 'Events that are not signed yet, of the tenant that is furthest behind.',
      },
      { column: 'lag_seconds', name: 'cairn_proofs_lag_seconds', help: 'Age of the oldest event that is not signed.' },
      { column: 'halted', name: 'cairn_proofs_halted', help: 'Tenants whose log is not what was signed.' },
    ],
  },
];

export const alertMeasures: readonly Measure[] = [
  {
    statement: 'select * from cairn.measured_watch($1)',
    byTenant: true,
    labels: [],
    gauges: [
      {
        column: 'lag_events',
        name: 'cairn_watch_lag_events',
        help: 'Events that the watch has not taken in, of the tenant that is furthest behind.',
      },
      {
        column: 'lag_seconds',
        name: 'cairn_watch_lag_seconds',
        help: 'Age of the oldest event that was not taken in yet; 0 at the head.',
      },
      {
        column: 'halted',
        name: 'cairn_watch_halted',
        help: 'Tenants of whom the watch met an event that it cannot read.',
      },
      {
        column: 'timers_due',
        name: 'cairn_watch_timers_due',
        help: 'Timers that have run out and were not looked at.',
      },
      {
        column: 'overdue_seconds',
        name: 'cairn_watch_timers_overdue_seconds',
        help: 'Since when the oldest timer has run out that was not looked at.',
      },
    ],
  },
  {
    statement: 'select * from cairn.measured_webhooks($1)',
    byTenant: true,
    labels: [],
    gauges: [
      {
        column: 'waiting',
        name: 'cairn_webhook_waiting',
        help: 'Messages that may be sent now and were not taken yet.',
      },
      {
        column: 'lag_seconds',
        name: 'cairn_webhook_lag_seconds',
        help: 'Age of the oldest alert that waits for its webhook.',
      },
      {
        column: 'dead',
        name: 'cairn_webhook_dead_letters',
        help: 'Messages that had their last attempt, and that nobody has settled.',
      },
      {
        column: 'stalled',
        name: 'cairn_webhook_stalled',
        help: 'Webhooks with so many dead letters that nothing is sent to them.',
      },
    ],
  },
  {
    statement: 'select * from cairn.measured_topics($1)',
    byTenant: true,
    labels: [],
    gauges: [
      {
        column: 'lag_seconds',
        name: 'cairn_kafka_lag_seconds',
        help: 'Age of the oldest alert that its topic does not have.',
      },
      { column: 'failing', name: 'cairn_kafka_failing', help: 'Subscriptions of which nothing gets to their topic.' },
    ],
  },
];

export interface MeasuringOptions {
  readonly url: string;
  readonly role: DatabaseRole;
  readonly applicationName: string;
  /** Series for every tenant instead of for all of them together. */
  readonly eachTenant: boolean;
  readonly measures: readonly Measure[];
}

/** Longest time that a statement may take, in milliseconds: a scrape is given up after ten seconds as a rule. */
const WITHIN = 5_000;

/** Figures of all tenants, looked up over a connection of their own. */
export class Measuring {
  private readonly database: Database;
  private readonly gauges: ReadonlyMap<Measure, ReadonlyMap<string, Gauge>>;

  constructor(
    registry: Registry,
    private readonly options: MeasuringOptions,
  ) {
    this.database = new Database({ ...options, applicationName: `${options.applicationName} measures`, max: 1 });
    this.gauges = new Map(
      options.measures.map((measure) => {
        const labelNames = [...measure.labels, ...(options.eachTenant && measure.byTenant ? ['tenant'] : [])];
        return [
          measure,
          new Map(
            measure.gauges.map(({ column, name, help }) => [
              column,
              new Gauge({ name, help, labelNames, registers: [registry] }),
            ]),
          ),
        ];
      }),
    );
  }

  /** @throws the database's error; the figures are then none, which is not the same as 0 */
  async look(): Promise<void> {
    try {
      for (const measure of this.options.measures) await this.lookAt(measure);
    } catch (error) {
      for (const [{ labels }, gauges] of this.gauges) {
        for (const gauge of gauges.values()) {
          gauge.reset();
          if (labels.length === 0 && !this.options.eachTenant) gauge.remove();
        }
      }
      throw error;
    }
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async lookAt(measure: Measure): Promise<void> {
    const { eachTenant } = this.options;
    const query = {
      text: measure.statement,
      values: measure.byTenant ? [eachTenant] : [],
      query_timeout: WITHIN,
    };
    const { rows } = await this.database.pool.query<Record<string, string | number | null>>(query);
    for (const [column, gauge] of this.gauges.get(measure)!) {
      gauge.reset();
      for (const row of rows) {
        const labels = Object.fromEntries(measure.labels.map((label) => [label, String(row[label])]));
        if (eachTenant && measure.byTenant) labels['tenant'] = String(row['tenant']);
        gauge.set(labels, Number(row[column] ?? 0));
      }
    }
  }
}
