import type { Logger } from 'pino';
import { z } from 'zod';
import { kafkaCluster, type KafkaConfiguration } from '../kafka/kafka-settings.js';
import type { FanOut } from './fan-out.js';
import { KafkaFanOut } from './kafka-fan-out.js';

/** How processes tell each other that something has changed; the same for every service of an installation. */
export const fanOutSettings = {
  CAIRN_FANOUT: z.enum(['postgres', 'kafka']).default('postgres'),
  /** The topic of hints, of this installation only. */
  CAIRN_FANOUT_TOPIC: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/, 'is no name of a topic')
    .default('cairn.hints'),
};

export type FanOutConfiguration =
  | { readonly kind: 'postgres' }
  | { readonly kind: 'kafka'; readonly kafka: KafkaConfiguration; readonly topic: string };

/** What only makes sense together: a line for each setting that is missing. */
export const fanOutDiscords = (given: Readonly<Record<string, string | undefined>>): readonly string[] =>
  given['CAIRN_FANOUT'] === 'kafka' && given['KAFKA_BROKERS'] === undefined
    ? ['KAFKA_BROKERS: goes with CAIRN_FANOUT=kafka']
    : [];

export function fanOutFrom(
  settings: z.infer<z.ZodObject<typeof fanOutSettings>>,
  kafka: KafkaConfiguration | undefined,
): FanOutConfiguration {
  if (settings.CAIRN_FANOUT === 'postgres') return { kind: 'postgres' };
  return { kind: 'kafka', kafka: kafka!, topic: settings.CAIRN_FANOUT_TOPIC };
}

/**
 * @returns undefined where whatever needs a fan-out uses its own connection to PostgreSQL
 * @throws Error of the file system for a certificate that cannot be read
 */
export async function openFanOut(configuration: FanOutConfiguration, logger: Logger): Promise<FanOut | undefined> {
  if (configuration.kind === 'postgres') return undefined;
  const { kafka, topic } = configuration;
  return new KafkaFanOut({ cluster: await kafkaCluster(kafka), topic, logger });
}
