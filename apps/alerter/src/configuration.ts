import {
  type FanOutConfiguration,
  fanOutDiscords,
  fanOutFrom,
  fanOutSettings,
  type KafkaConfiguration,
  kafkaDiscords,
  kafkaFrom,
  kafkaSettings,
  TOPIC_PREFIX,
} from '@cairn/platform/kafka';
import { metricsSettings } from '@cairn/platform/operations';
import { type LogStoreConfiguration, logStoreDiscords, logStoreFrom, logStoreSettings } from '@cairn/platform/log-copy';
import { ConfigurationError, givenSettings } from '@cairn/platform/settings';
import { type TracingConfiguration, tracingFrom, tracingSettings } from '@cairn/platform/tracing';
import { type AllowedNetworks, readNetworks } from '@cairn/platform/webhooks';
import { z } from 'zod';

/** An own server can be reached through a socket, so its URL need not name a host. */
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, hostname: /^.*$/ });

const Settings = z.object({
  DATABASE_URL: postgresUrl,
  HOST: z.string().min(1).default('127.0.0.1'),
  ALERTER_PORT: z.coerce.number().int().min(0).max(65_535).default(4_002),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** What the secrets of webhooks follow from; without it none are sent. */
  CAIRN_WEBHOOK_SECRET: z.string().min(32).optional(),
  /** Networks beside the public Internet that webhooks may be sent to, for development: `loopback`, or as in 10.1.0.0/16. */
  CAIRN_WEBHOOK_ALLOW_PRIVATE: z
    .string()
    .default('')
    .transform(readNetworks)
    .refine((networks): networks is AllowedNetworks => networks !== undefined, 'is no list of networks'),
  /** Without brokers nothing is published. */
  /** How long the start waits for the database, and for its migrations. */
  START_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(60),
  ...kafkaSettings,
  ...fanOutSettings,
  ...logStoreSettings,
  ...metricsSettings,
  ...tracingSettings,
  /** How the names of the topics begin that a tenant may publish to; `{tenant}` is its id. */
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^([A-Za-z0-9._-]|\{tenant\})+$/, 'is no beginning of a topic, in which {tenant} is the tenant')
    .default(TOPIC_PREFIX),
});

export interface Configuration {
  readonly databaseUrl: string;
  /** For health and metrics; nothing else is served. */
  readonly host: string;
  readonly port: number;
  readonly logLevel: z.infer<typeof Settings>['LOG_LEVEL'];
  /** What the secrets of webhooks follow from; undefined when none are sent. */
  readonly webhookSecret: string | undefined;
  /** Beside the public Internet. */
  readonly webhookNetworks: AllowedNetworks;
  /** Undefined when nothing is published. */
  readonly kafka: KafkaConfiguration | undefined;
  /** How processes tell each other that something has changed. */
  readonly fanOut: FanOutConfiguration;
  /** What keeps the logs. */
  readonly logStore: LogStoreConfiguration;
  /** Whether metrics tell of each tenant. */
  readonly metricsByTenant: boolean;
  /** Where spans are sent; undefined where nothing is traced. */
  readonly tracing: TracingConfiguration | undefined;
  readonly startTimeoutSeconds: number;
  /** How the names of the topics begin that a tenant may publish to, see `isTopicOf`. */
  readonly topicPrefix: string;
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
  const kafka = kafkaFrom(settings);
  return {
    databaseUrl: settings.DATABASE_URL,
    host: settings.HOST,
    port: settings.ALERTER_PORT,
    logLevel: settings.LOG_LEVEL,
    webhookSecret: settings.CAIRN_WEBHOOK_SECRET,
    webhookNetworks: settings.CAIRN_WEBHOOK_ALLOW_PRIVATE,
    kafka,
    fanOut: fanOutFrom(settings, kafka),
    logStore: logStoreFrom(settings),
    metricsByTenant: settings.CAIRN_METRICS_TENANTS === 'on',
    tracing: tracingFrom(settings),
    startTimeoutSeconds: settings.START_TIMEOUT_SECONDS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
  };
}
