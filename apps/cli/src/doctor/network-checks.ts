import net from 'node:net';
import { kafkaClient, kafkaCluster, type KafkaConfiguration } from '@cairn/platform/kafka';
import { pino } from 'pino';
import { type DoctorCode, type Finding, found, nameOf } from './finding.js';

/** Longest wait for an answer, in milliseconds. */
const WITHIN = 5_000;

const Reasons = /^[A-Z_]{1,40}$/;

/** Whether a service lives and can do its work. */
export async function service(code: 'API' | 'PROJECTOR' | 'ALERTER', url: string): Promise<Finding> {
  const name = code.toLowerCase();
  try {
    const live = await fetch(new URL('/live', url), { signal: AbortSignal.timeout(WITHIN) });
    if (live.status !== 200) return found(code, 'problem', `What answers for the ${name} is none (${live.status}).`);
    const ready = await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(WITHIN) });
    if (ready.status === 200) return found(code, 'ok', `The ${name} can do its work.`);
    const { reasons = [] } = (await ready.json()) as { reasons?: readonly string[] };
    return found(
      code,
      'problem',
      `The ${name} is not ready: ${reasons.filter((each) => Reasons.test(each)).join(', ')}.`,
    );
  } catch (error) {
    return found(code, 'problem', `The ${name} does not answer (${nameOf(error)}).`);
  }
}

/** Whether one node of KurrentDB takes connections. */
export async function kurrentdb(url: string | undefined): Promise<Finding> {
  if (url === undefined) return found('KURRENTDB_REACHABLE', 'ok', 'PostgreSQL keeps the logs.');
  const nodes = /^\w+(?:\+discover)?:\/\/(?:[^@/]*@)?([^/?#]+)/.exec(url.trim())?.[1]?.split(',') ?? [];
  const errors: string[] = [];
  for (const node of nodes) {
    const [, host, port = '2113'] = /^(.*?)(?::(\d+))?$/.exec(node)!;
    const error = await connecting(host!, Number(port));
    if (error === undefined) return found('KURRENTDB_REACHABLE', 'ok', 'KurrentDB takes connections.');
    errors.push(error);
  }
  return found('KURRENTDB_REACHABLE', 'problem', `No node of KurrentDB takes connections (${errors.join(', ')}).`);
}

/** Whether the brokers answer, and whoever publishes is let in. */
export async function kafka(configuration: KafkaConfiguration | undefined): Promise<Finding> {
  if (configuration === undefined) return found('KAFKA_REACHABLE', 'ok', 'No alerts go to Kafka.');
  try {
    const admin = kafkaClient(await kafkaCluster(configuration), pino({ level: 'silent' })).admin();
    try {
      await admin.connect();
      const topics = await admin.listTopics();
      return found('KAFKA_REACHABLE', 'ok', `The brokers answer, and show ${topics.length} topics.`);
    } finally {
      await admin.disconnect();
    }
  } catch (error) {
    return found('KAFKA_REACHABLE', 'problem', `The brokers do not answer, or let nobody in (${nameOf(error)}).`);
  }
}

/** Whether the issuer says what its tokens are signed with. */
export async function issuer(url: string | undefined): Promise<Finding> {
  const code: DoctorCode = 'ISSUER_REACHABLE';
  if (url === undefined) return found(code, 'ok', 'The embedded issuer is part of the API.');
  try {
    const where = new URL(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const response = await fetch(where, { signal: AbortSignal.timeout(WITHIN) });
    const description = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (response.status !== 200 || typeof description.jwks_uri !== 'string') {
      return found(code, 'problem', `What answers there is no issuer (${response.status}).`);
    }
    if (description.issuer !== url) return found(code, 'problem', 'It calls itself otherwise than OIDC_ISSUER does.');
    const keys = await fetch(description.jwks_uri, { signal: AbortSignal.timeout(WITHIN) });
    return keys.status === 200
      ? found(code, 'ok', 'The issuer answers.')
      : found(code, 'problem', `The issuer does not show its keys (${keys.status}).`);
  } catch (error) {
    return found(code, 'problem', `The issuer does not answer (${nameOf(error)}).`);
  }
}

function connecting(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: WITHIN });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('timeout', () => {
      socket.destroy();
      resolve('ETIMEDOUT');
    });
    socket.once('error', (error) => resolve(nameOf(error)));
  });
}
