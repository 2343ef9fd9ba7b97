import { PostgresEventStore, ReadModels } from '@cairn/platform';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Registry } from 'prom-client';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { Metrics } from './metrics.js';

@Controller()
export class OperationsController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly store: PostgresEventStore,
    private readonly readModels: ReadModels,
    private readonly metrics: Metrics,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** Down when the database does not answer. Read models that are behind or halted are told, but do not make it so. */
  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([
      async () => {
        const indicator = this.indicators.check('database');
        try {
          await this.store.ping();
          return indicator.up();
        } catch {
          return indicator.down();
        }
      },
      async () => {
        const indicator = this.indicators.check('readModels');
        try {
          const states = await this.readModels.states(this.configuration.defaultTenant);
          const serving = states.filter(({ state }) => state === 'serving');
          return indicator.up({
            serving: serving.map(({ name }) => name),
            lag: serving.reduce((most, { lag }) => Math.max(most, Number(lag)), 0),
            halted: serving.filter(({ halted }) => halted).map(({ name }) => name),
          });
        } catch {
          return indicator.down();
        }
      },
    ]);
  }

  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  prometheus(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
