import type { PublishFault } from './alert-publisher.js';

/** By the type that the protocol gives an error. */
const ofProtocol: Readonly<Record<string, PublishFault>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_MISSING',
  INVALID_TOPIC_EXCEPTION: 'TOPIC_MISSING',
  TOPIC_AUTHORIZATION_FAILED: 'NOT_AUTHORISED',
  CLUSTER_AUTHORIZATION_FAILED: 'NOT_AUTHORISED',
  SASL_AUTHENTICATION_FAILED: 'AUTHENTICATION_FAILED',
  UNSUPPORTED_SASL_MECHANISM: 'AUTHENTICATION_FAILED',
  ILLEGAL_SASL_STATE: 'AUTHENTICATION_FAILED',
  MESSAGE_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  NOT_ENOUGH_REPLICAS: 'REPLICAS_MISSING',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'REPLICAS_MISSING',
  REQUEST_TIMED_OUT: 'TIMED_OUT',
};

/** By the name of the client's own errors. */
const ofClient: Readonly<Record<string, PublishFault>> = {
  KafkaJSSASLAuthenticationError: 'AUTHENTICATION_FAILED',
  KafkaJSRequestTimeoutError: 'TIMED_OUT',
  KafkaJSLockTimeout: 'TIMED_OUT',
  KafkaJSTimeout: 'TIMED_OUT',
  KafkaJSConnectionError: 'BROKER_UNREACHABLE',
  KafkaJSConnectionClosedError: 'BROKER_UNREACHABLE',
  KafkaJSBrokerNotFound: 'BROKER_UNREACHABLE',
};

/** What TLS says of a certificate that it cannot follow up to somebody it trusts, or that is another host's. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME/;

/** A failure of the client: what it wraps says more than the wrapping. */
interface ClientError {
  readonly name?: string;
  readonly type?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** Which fault an error of the client is, by the innermost of its causes that is known. */
export function faultOf(error: unknown): PublishFault {
  const chain: ClientError[] = [];
  for (let at = error; at instanceof Error && chain.length < 10 && !chain.includes(at); at = at.cause) chain.push(at);
  for (const { name = '', type = '', code } of chain.reverse()) {
    if (typeof code === 'string' && UNTRUSTED.test(code)) return 'BROKER_UNTRUSTED';
    const known = ofProtocol[type] ?? ofClient[name];
    if (known) return known;
  }
  return 'PUBLISHING_FAILED';
}
