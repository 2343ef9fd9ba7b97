import type { IncomingMessage } from 'node:http';
import { LOG_STORE, type LogStore } from '@cairn/platform';
import { Controller, ForbiddenException, Get, Header, Inject, Req } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Registry } from 'prom-client';
import { identityOf } from '../identity/request-identity.js';
import { Metrics } from './metrics.js';

@Controller()
export class OperationsController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(LOG_STORE) private readonly store: LogStore,
    private readonly metrics: Metrics,
  ) {}

  /** Open to everybody, so it tells nothing but whether the database answers. */
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
    ]);
  }

  /** For whoever operates the installation: it counts what all tenants do. */
  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  prometheus(@Req() request: IncomingMessage): Promise<string> {
    if (!identityOf(request).scopes.has('cairn:operate')) throw new ForbiddenException();
    return this.metrics.scrape();
  }
}
