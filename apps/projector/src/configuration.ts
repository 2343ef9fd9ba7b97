import { metricsSettings } from '@cairn/platform/operations';
import { type LogStoreConfiguration, logStoreDiscords, logStoreFrom, logStoreSettings } from '@cairn/platform/log-copy';
import { ConfigurationError, givenSettings } from '@cairn/platform/settings';
import { type TracingConfiguration, tracingFrom, tracingSettings } from '@cairn/platform/tracing';
import {
  type FanOutConfiguration,
  fanOutDiscords,
  fanOutFrom,
  fanOutSettings,
  kafkaDiscords,
  kafkaFrom,
  kafkaSettings,
} from '@cairn/platform/kafka';
import { z } from 'zod';

const Settings = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /^.*$/ }),
  HOST: z.string().min(1).default('127.0.0.1'),
  PROJECTOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4_001),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Documents that the live feeds keep in memory. */
  RECENT_DOCUMENTS: z.coerce.number().int().min(100).default(5_000),
  /** Whether the log is signed as it grows. */
  CAIRN_PROOFS: z.enum(['on', 'off']).default('on'),
  /** The key ring that it is signed with. */
  CAIRN_SIGNING_KEYS: z.string().min(1).optional(),
  /** How long the start waits for the database, and for its migrations. */
  START_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(60),
  ...kafkaSettings,
  ...fanOutSettings,
  ...logStoreSettings,
  ...metricsSettings,
  ...tracingSettings,
});

export interface Configuration {
  readonly databaseUrl: string;
  /** For health and metrics; nothing else is served. */
  readonly host: string;
  readonly port: number;
  readonly logLevel: z.infer<typeof Settings>['LOG_LEVEL'];
  readonly recentDocuments: number;
  readonly startTimeoutSeconds: number;
  /** The file of the key ring; undefined when the log is not to be signed. */
  readonly signingKeys: string | undefined;
  /** How processes tell each other that something has changed. */
  readonly fanOut: FanOutConfiguration;
  /** What keeps the logs. */
  readonly logStore: LogStoreConfiguration;
  /** Whether metrics tell of each tenant. */
  readonly metricsByTenant: boolean;
  /** Where spans are sent; undefined where nothing is traced. */
  readonly tracing: TracingConfiguration | undefined;
}

/** @throws ConfigurationError with everything that is wrong, not just the first thing */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  const { given, mistakes } = givenSettings(environment);
  const read = Settings.safeParse(given);
  const discords = [...mistakes, ...logStoreDiscords(given), ...fanOutDiscords(given), ...kafkaDiscords(given)];
  if (!read.success || discords.length > 0) {
    const issues = read.error?.issues ?? [];
    const lines = [...discords, ...issues.map(({ path, message }) => `${path.join('.')}: ${message}`)];
    throw new ConfigurationError(lines.join('\n'));
  }
  const settings = read.data;
  const signs = settings.CAIRN_PROOFS === 'on';
  if (signs && settings.CAIRN_SIGNING_KEYS === undefined) {
    throw new ConfigurationError(
      'CAIRN_SIGNING_KEYS: the file of the key ring that the log is signed with; CAIRN_PROOFS=off does without signing',
    );
  }
  return {
    databaseUrl: settings.DATABASE_URL,
    host: settings.HOST,
    port: settings.PROJECTOR_PORT,
    logLevel: settings.LOG_LEVEL,
    recentDocuments: settings.RECENT_DOCUMENTS,
    startTimeoutSeconds: settings.START_TIMEOUT_SECONDS,
    signingKeys: signs ? settings.CAIRN_SIGNING_KEYS : undefined,
    fanOut: fanOutFrom(settings, kafkaFrom(settings)),
    logStore: logStoreFrom(settings),
    metricsByTenant: settings.CAIRN_METRICS_TENANTS === 'on',
    tracing: tracingFrom(settings),
  };
}
