import { faultOf } from './publish-fault.js';

const error = (members: object, cause?: unknown): Error => Object.assign(new Error('it failed', { cause }), members);

it.each([
  ['TOPIC_MISSING', error({ name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION' })],
  ['NOT_AUTHORISED', error({ name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' })],
  ['REPLICAS_MISSING', error({ name: 'KafkaJSProtocolError', type: 'NOT_ENOUGH_REPLICAS' })],
  ['AUTHENTICATION_FAILED', error({ name: 'KafkaJSSASLAuthenticationError' })],
  ['TIMED_OUT', error({ name: 'KafkaJSRequestTimeoutError' })],
  ['BROKER_UNREACHABLE', error({ name: 'KafkaJSConnectionError', code: 'ECONNREFUSED' })],
  ['BROKER_UNTRUSTED', error({ name: 'KafkaJSConnectionError', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
  ['PUBLISHING_FAILED', error({ name: 'KafkaJSNonRetriableError' })],
  ['PUBLISHING_FAILED', 'no error at all'],
])('%s is told', (code, thrown) => {
  expect(faultOf(thrown)).toBe(code);
});

it('is that of the innermost cause', () => {
  const missing = error({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  expect(faultOf(error({ name: 'KafkaJSNumberOfRetriesExceeded' }, error({}, missing)))).toBe('TOPIC_MISSING');
});
