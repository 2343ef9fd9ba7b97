import type { LogStore } from '@cairn/platform';
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
import { Registry } from 'prom-client';
import type { AlerterTools } from './tools.js';

const STORE = Symbol('store');

@Controller()
class OperationsController {
  constructor(
    @Inject(STORE) private readonly store: Pick<LogStore, 'ping'>,
    @Inject(Registry) private readonly registry: Registry,
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
    return this.registry.metrics();
  }
}

/** Health and metrics; the work itself needs no framework. */
@Module({})
export class AlerterModule {
  static around({ store, registry, logger }: Pick<AlerterTools, 'store' | 'registry' | 'logger'>): DynamicModule {
    return {
      module: AlerterModule,
      imports: [LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false } })],
      controllers: [OperationsController],
      providers: [
        { provide: STORE, useValue: store },
        { provide: Registry, useValue: registry },
      ],
    };
  }
}
