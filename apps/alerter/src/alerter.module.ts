import type { LogStore } from '@cairn/platform';
import { ServiceMetrics } from '@cairn/platform/operations';
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
import type { AlerterTools } from './tools.js';

const STORE = Symbol('store');

@Controller()
class OperationsController {
  constructor(
    @Inject(STORE) private readonly store: Pick<LogStore, 'ping'>,
    @Inject(ServiceMetrics) private readonly metrics: ServiceMetrics,
  ) {}

  /** 200 while the database answers. A part that is halted or cannot send is a matter for metrics: a restart would not mend it. */
  @Get('health')
  async health(): Promise<{ status: 'ok' }> {
    try {
      await this.store.ping();
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

/** Health and metrics; the work itself needs no framework. */
@Module({})
export class AlerterModule {
  static around({ store, logger }: Pick<AlerterTools, 'store' | 'logger'>, metrics: ServiceMetrics): DynamicModule {
    return {
      module: AlerterModule,
      imports: [LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false } })],
      controllers: [OperationsController],
      providers: [
        { provide: STORE, useValue: store },
        { provide: ServiceMetrics, useValue: metrics },
      ],
    };
  }
}
