import { type ProjectionRunner } from '@cairn/platform';
import {
  Controller,
  type DynamicModule,
  Get,
  Header,
  Inject,
  Module,
  ServiceUnavailableException,
} from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { Metrics } from './metrics.js';

const RUNNER = Symbol('runner');

@Controller()
class OperationsController {
  constructor(
    @Inject(RUNNER) private readonly runner: ProjectionRunner,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  /** 200 while the database answers. A halted projection is a matter for metrics: a restart would not mend it. */
  @Get('health')
  async health(): Promise<{ status: 'ok' }> {
    try {
      await this.runner.ping();
    } catch {
      throw new ServiceUnavailableException({ status: 'error', reason: 'the database does not answer' });
    }
    return { status: 'ok' };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  scrape(): Promise<string> {
    return this.metrics.scrape();
  }
}

/** Health and metrics around a runner; the work itself needs no framework. */
@Module({})
export class ProjectorModule {
  static around(runner: ProjectionRunner, metrics: Metrics, logger: Logger): DynamicModule {
    return {
      module: ProjectorModule,
      imports: [LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false } })],
      controllers: [OperationsController],
      providers: [
        { provide: RUNNER, useValue: runner },
        { provide: Metrics, useValue: metrics },
      ],
    };
  }
}
