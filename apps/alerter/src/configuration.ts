import { TOPIC_PREFIX } from '@cairn/platform/kafka';
import { givenSettings } from '@cairn/platform/settings';
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
  /** host:port, a comma between them; without any nothing is published. */
  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*$/, 'is no list of host:port with commas')
    .optional(),
  KAFKA_CLIENT_ID: z.string().min(1).default('cairn'),
  KAFKA_TLS: z.enum(['on', 'off']).default('off'),
  /** A file of certificates that sign the brokers', where the system does not know them. */
  KAFKA_TLS_CA: z.string().min(1).optional(),
  /** Files of this service's own certificate and its key, where the cluster asks for one. */
  KAFKA_TLS_CERT: z.string().min(1).optional(),
  KAFKA_TLS_KEY: z.string().min(1).optional(),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: z.string().min(1).optional(),
  KAFKA_SASL_PASSWORD: z.string().min(1).optional(),
  /** How the names of the topics begin that a tenant may publish to; `{tenant}` is its id. */
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^([A-Za-z0-9._-]|\{tenant\})+$/, 'is no beginning of a topic, in which {tenant} is the tenant')
    .default(TOPIC_PREFIX),
});

/** How a Kafka cluster is reached. */
export interface KafkaConfiguration {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Files. Without `ca` what the system trusts; without `cert` and `key` this service does not say who it is. */
  readonly tls:
    | { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }
    | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    | undefined;
}

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
  /** How the names of the topics begin that a tenant may publish to, see `isTopicOf`. */
  readonly topicPrefix: string;
}

/** One line for each setting that is missing or wrong. Values are not repeated: a database URL holds a password. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** @throws ConfigurationError with everything that is wrong, not just the first thing */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  const { given, mistakes } = givenSettings(environment);
  const read = Settings.safeParse(given);
  if (!read.success || mistakes.length > 0) {
    const issues = read.error?.issues ?? [];
    const lines = [...mistakes, ...issues.map(({ path, message }) => `${path.join('.')}: ${message}`)];
    throw new ConfigurationError(lines.join('\n'));
  }
  const settings = read.data;
  return {
    databaseUrl: settings.DATABASE_URL,
    host: settings.HOST,
    port: settings.ALERTER_PORT,
    logLevel: settings.LOG_LEVEL,
    webhookSecret: settings.CAIRN_WEBHOOK_SECRET,
    webhookNetworks: settings.CAIRN_WEBHOOK_ALLOW_PRIVATE,
    kafka: kafkaOf(settings),
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
  };
}

function kafkaOf(settings: z.infer<typeof Settings>): KafkaConfiguration | undefined {
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_MECHANISM: mechanism } = settings;
  if (brokers === undefined) return undefined;
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  if (mechanism !== undefined && (username === undefined || password === undefined)) {
    throw new ConfigurationError('KAFKA_SASL_MECHANISM: goes with KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  const { KAFKA_TLS_CA: ca, KAFKA_TLS_CERT: cert, KAFKA_TLS_KEY: key } = settings;
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigurationError('KAFKA_TLS_CERT: goes with KAFKA_TLS_KEY');
  }
  return {
    brokers: brokers.split(','),
    clientId: settings.KAFKA_CLIENT_ID,
    tls: settings.KAFKA_TLS === 'on' ? { ca, cert, key } : undefined,
    sasl: mechanism && { mechanism, username: username!, password: password! },
  };
}
