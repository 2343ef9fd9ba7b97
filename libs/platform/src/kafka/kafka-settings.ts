import fs from 'node:fs/promises';
import { z } from 'zod';
import type { KafkaCluster } from './kafka-client.js';

/** How a Kafka cluster is reached, of every service that speaks to one. */
export const kafkaSettings = {
  /** host:port, a comma between them. */
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
};

/** How a Kafka cluster is reached. */
export interface KafkaConfiguration {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Files. Without `ca` what the system trusts; without `cert` and `key` this service does not say who it is. */
  readonly tls:
    | { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }
    | undefined;
  readonly sasl: KafkaCluster['sasl'] | undefined;
}

/** What only makes sense together: a line for each setting that is missing. */
export function kafkaDiscords(given: Readonly<Record<string, string | undefined>>): readonly string[] {
  const has = (name: string): boolean => given[name] !== undefined;
  if (!has('KAFKA_BROKERS')) return [];
  return [
    ...(has('KAFKA_SASL_MECHANISM') && !(has('KAFKA_SASL_USERNAME') && has('KAFKA_SASL_PASSWORD'))
      ? ['KAFKA_SASL_MECHANISM: goes with KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD']
      : []),
    ...(has('KAFKA_TLS_CERT') === has('KAFKA_TLS_KEY') ? [] : ['KAFKA_TLS_CERT: goes with KAFKA_TLS_KEY']),
  ];
}

/** @param settings in which nothing is discordant @returns undefined without brokers */
export function kafkaFrom(settings: z.infer<z.ZodObject<typeof kafkaSettings>>): KafkaConfiguration | undefined {
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_MECHANISM: mechanism } = settings;
  if (brokers === undefined) return undefined;
  const { KAFKA_TLS_CA: ca, KAFKA_TLS_CERT: cert, KAFKA_TLS_KEY: key } = settings;
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  return {
    brokers: brokers.split(','),
    clientId: settings.KAFKA_CLIENT_ID,
    tls: settings.KAFKA_TLS === 'on' ? { ca, cert, key } : undefined,
    sasl: mechanism && { mechanism, username: username!, password: password! },
  };
}

/** With what the files hold. @throws Error of the file system for one that cannot be read */
export async function kafkaCluster({ brokers, clientId, tls, sasl }: KafkaConfiguration): Promise<KafkaCluster> {
  const textOf = (file: string | undefined) => (file === undefined ? undefined : fs.readFile(file, 'utf8'));
  return {
    brokers,
    clientId,
    ...(tls && { tls: { ca: await textOf(tls.ca), cert: await textOf(tls.cert), key: await textOf(tls.key) } }),
    ...(sasl && { sasl }),
  };
}
