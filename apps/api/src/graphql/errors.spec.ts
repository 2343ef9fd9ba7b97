import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { ReadModelMissing } from '@cairn/platform';
import { KeysUnavailable } from '@cairn/platform/keys';
import { GraphQLError } from 'graphql';
import { badInput, presentError, readModelBehind } from './errors.js';

/** An error as graphql-js passes on what a resolver throws. */
const resolving = (originalError: Error) => new GraphQLError(originalError.message, { originalError, path: ['trial'] });

const never = (): void => {
  throw new Error('was taken for unexpected');
};

it.each([
  [badInput('wrong'), 'BAD_USER_INPUT'],
  [readModelBehind('later'), 'READ_MODEL_BEHIND'],
  [new ReadModelMissing({ name: 'participants', version: 1 }), 'READ_MODEL_BEHIND'],
  [new EventStoreUnavailable('away'), 'SERVICE_UNAVAILABLE'],
  [new KeysUnavailable('away'), 'KEYS_UNAVAILABLE'],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'SERVICE_UNAVAILABLE'],
])('%s is told as what it is', (error, code) => {
  expect(presentError(resolving(error), never)).toMatchObject({ path: ['trial'], extensions: { code } });
});

it.each([
  resolving(new TypeError('secret is not a function')),
  resolving(new GraphQLError('Float cannot represent secret')),
  new Error('secret'),
  'secret',
])('%s is logged under an id, and only the id is told', (error) => {
  const logged: [string, unknown][] = [];
  const told = presentError(error, (id, cause) => logged.push([id, cause]));
  expect(told).toMatchObject({ message: expect.stringContaining(logged[0]![0]), extensions: { code: 'INTERNAL' } });
  expect(JSON.stringify(told)).not.toContain('secret');
  expect(String(logged[0]![1])).toContain('secret');
});

it('what graphql-js says of a request before it resolves anything is the client’s affair', () => {
  const error = new GraphQLError('Too many errors processing variables, error limit reached. Execution aborted.', {
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  });
  expect(presentError(error, never)).toEqual({ message: error.message, extensions: { code: 'BAD_USER_INPUT' } });
});
