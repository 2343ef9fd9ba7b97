import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import type { Logger } from 'pino';
import { guardedSockets } from './guarded-sockets.js';

/** How a cluster is reached. */
export interface KafkaCluster {
  /** As host:port; others are learnt from those. */
  readonly brokers: readonly string[];
  /** By which the cluster's own logs and quotas know this service. */
  readonly clientId: string;
  /** PEM texts; without `ca` what the system trusts, `cert` and `key` where the cluster asks who comes. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** In milliseconds. A broker on the way down or up answers late, one that is gone never. */
const CONNECT_WITHIN = 5_000;
const AUTHENTICATE_WITHIN = 10_000;
export const ANSWER_WITHIN = 15_000;

/** Few: what lasts is for whoever publishes to wait for. */
const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 };

/**
 * A client of the cluster that writes what it has to say to the log.
 * @param mayStill asked right before messages are written to a broker
 */
export function kafkaClient(
  { brokers, clientId, tls, sasl }: KafkaCluster,
  logger: Logger,
  mayStill?: () => boolean,
): Kafka {
  return new Kafka({
    ...(mayStill && { socketFactory: guardedSockets(mayStill) }),
    brokers: [...brokers],
    clientId,
    ...(tls && { ssl: present(tls) }),
    ...(sasl && { sasl: sasl as NonNullable<KafkaConfig['sasl']> }),
    connectionTimeout: CONNECT_WITHIN,
    authenticationTimeout: AUTHENTICATE_WITHIN,
    requestTimeout: ANSWER_WITHIN,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => write(entry, logger),
  });
}

/** A client takes what is undefined for a value. */
const present = <T extends object>(given: T): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;

/**
 * What a broken connection makes the client say at every attempt is for those who look for it: whoever publishes says once
 * that it failed. Of what comes with it only what names a place is kept, so that nothing secret can be.
 */
function write(
  { level, namespace, log }: { level: logLevel; namespace: string; log: { message: string } & Record<string, unknown> },
  logger: Logger,
): void {
  const { message, broker, topic, error } = log;
  const line = { kafka: namespace, broker, topic, error };
  if (level <= logLevel.WARN) logger.debug(line, message);
  else logger.trace(line, message);
}
