import { type ApolloServerPlugin } from '@apollo/server';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What an operator watches of this service. */
export class Metrics {
  readonly registry = new Registry();

  readonly commands = new Counter({
    name: 'cairn_commands_total',
    help: 'Commands by outcome: accepted, or the code of the refusal.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  private readonly operations = new Histogram({
    name: 'cairn_graphql_operation_seconds',
    help: 'Time to answer a GraphQL request.',
    labelNames: ['kind', 'outcome'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
    registers: [this.registry],
  });

  /** @param instances of this service that live, this one among them */
  constructor(openSubscriptions: () => number, instances: () => number) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'cairn_api_instances',
      help: "Instances of the API that live; a tenant's commands and imported records per minute are shared out among them.",
      registers: [this.registry],
      collect() {
        this.set(instances());
      },
    });
    new Gauge({
      name: 'cairn_subscriptions',
      help: 'Subscriptions that are open.',
      registers: [this.registry],
      collect() {
        this.set(openSubscriptions());
      },
    });
  }

  /** Times every GraphQL request. */
  readonly plugin: ApolloServerPlugin = {
    requestDidStart: async () => {
      const done = this.operations.startTimer();
      return {
        willSendResponse: async ({ operation, errors }) => {
          done({ kind: operation?.operation ?? 'none', outcome: errors ? 'error' : 'ok' });
        },
      };
    },
  };
}
