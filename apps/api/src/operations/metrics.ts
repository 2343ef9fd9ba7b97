import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApolloServerPlugin } from '@apollo/server';
import { type Readiness, ServiceMetrics } from '@cairn/platform/operations';
import { Kind, type OperationDefinitionNode } from 'graphql';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StreamLagSeen } from '../alerts/stream-lag.js';
import { isFollowing } from '../limits/edge.js';
import { pathOf } from '../log/access-log.js';

/** What is asked when somebody scrapes. */
export interface MetricsSources {
  /** To which the store has its metrics registered. */
  readonly registry: Registry;
  readonly readiness: Readiness;
  /** Subscriptions that are open. */
  readonly subscriptions: () => number;
  readonly streams: () => StreamLagSeen;
}

/** What an operator watches of this service. */
export class Metrics {
  private readonly service: ServiceMetrics;
  readonly commands: Counter<'outcome'>;
  private readonly operations: Histogram<'kind' | 'outcome'>;
  private readonly fields: Counter<'kind' | 'field' | 'outcome'>;
  private readonly requests: Histogram<'route' | 'status'>;

  constructor({ registry, readiness, subscriptions, streams }: MetricsSources) {
    const registers = [registry];
    this.service = new ServiceMetrics(registry, readiness);
    this.commands = new Counter({
      name: 'cairn_commands_total',
      help: 'Commands by outcome: accepted, or the code of the refusal.',
      labelNames: ['outcome'],
      registers,
    });
    this.operations = new Histogram({
      name: 'cairn_graphql_operation_seconds',
      help: 'Time to answer a GraphQL request.',
      labelNames: ['kind', 'outcome'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
      registers,
    });
    this.fields = new Counter({
      name: 'cairn_graphql_fields_total',
      help: 'GraphQL requests by the field of the schema that they begin with.',
      labelNames: ['kind', 'field', 'outcome'],
      registers,
    });
    this.requests = new Histogram({
      name: 'cairn_http_request_seconds',
      help: 'From a request to the end of its answer; streams are not in it.',
      labelNames: ['route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('cairn_subscriptions', 'Subscriptions that are open.', subscriptions);
    gauge('cairn_alert_streams', 'Alert streams that are open, of any transport.', () => streams().readers);
    gauge(
      'cairn_alert_streams_behind',
      'Alert streams that have not taken everything that there is for them.',
      () => streams().behind,
    );
    gauge(
      'cairn_alert_stream_lag_events',
      'Positions between the slowest alert stream and the last alert on record.',
      () => streams().events,
    );
    gauge(
      'cairn_alert_stream_lag_seconds',
      'For how long that alert stream has been behind that has been so for longest.',
      () => streams().seconds,
    );
  }

  scrape(): Promise<string> {
    return this.service.scrape();
  }

  /** Times every request but those of streams, which are open for as long as somebody listens. */
  readonly timing = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (!isFollowing(request)) {
      const done = this.requests.startTimer();
      const route = pathOf(request.url!);
      response.once('close', () => done({ route, status: `${Math.floor(response.statusCode / 100)}xx` }));
    }
    next();
  };

  /** Times every GraphQL request. */
  readonly plugin: ApolloServerPlugin = {
    requestDidStart: async () => {
      const done = this.operations.startTimer();
      return {
        willSendResponse: async ({ operation, errors }) => {
          const kind = operation?.operation ?? 'none';
          const outcome = errors ? 'error' : 'ok';
          done({ kind, outcome });
          this.fields.inc({ kind, field: operation ? fieldOf(operation) : 'none', outcome });
        },
      };
    },
  };
}

/** An operation is only known when it fits the schema, so there are as many names as the schema has. */
function fieldOf({ selectionSet: { selections } }: OperationDefinitionNode): string {
  const names = new Set(selections.map((each) => (each.kind === Kind.FIELD ? each.name.value : '')));
  const [name] = names;
  return names.size === 1 && name !== '' ? name! : 'several';
}
