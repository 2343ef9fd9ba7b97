import { traceId } from '../tracing/trace-ids.js';
import { inScope } from '../tracing/tracing.js';
import { describeError } from './describe-error.js';
import { openLog } from './service-log.js';

function lines(write: (log: ReturnType<typeof openLog>) => void): readonly string[] {
  let text = '';
  write(openLog('projector', 'trace', { write: (line: string) => void (text += line) }));
  return text.split('\n').filter((line) => line !== '');
}

/** As a database driver, a parser of tokens and a client of HTTP put secrets into their errors. */
function leaky(): Error {
  const error = new TypeError('SECRET in the message\n    at SECRET (looks:1:1)', {
    cause: Object.assign(new Error('SECRET cause'), { code: 'SECRET with spaces' }),
  });
  return Object.assign(error, {
    code: '23505',
    constraint: 'event_once',
    detail: 'Key (tenant)=(SECRET) already exists.',
    input: 'postgres://user:SECRET@host/db',
    config: { headers: { authorization: 'SECRET' } },
    response: { body: 'SECRET' },
  });
}

it('tells of an error its kind, its code and its places, and none of its words', () => {
  const description = describeError(leaky());
  expect(description).toEqual({
    type: 'TypeError',
    code: '23505',
    constraint: 'event_once',
    at: expect.arrayContaining([expect.stringMatching(/^at leaky .*service-log\.spec/)]),
    cause: expect.objectContaining({ type: 'Error' }),
  });
  expect(JSON.stringify(description)).not.toContain('SECRET');
});

it.each([
  ['text'],
  [undefined],
  [null],
  [{ message: 'SECRET' }],
  [Object.assign(new Error('x'), { name: 'SECRET of\nmany words', stack: 'SECRET' })],
])('of %p as an error nothing that was in it', (thrown) =>
  expect(JSON.stringify(describeError(thrown))).not.toMatch(/SECRET|text/),
);

it('errors that are causes of each other end', () => {
  const error: Error & { cause?: unknown } = new Error('x');
  error.cause = error;
  expect(JSON.stringify(describeError(error)).length).toBeLessThan(100_000);
});

it('errors and requests are never written as they are, whoever binds them', () => {
  const request = { headers: { authorization: 'SECRET' } };
  const written = lines((log) => {
    log.error({ err: leaky(), error: leaky(), req: request, res: request });
    log.child({ req: request }).warn({ event: 'bound' });
    log.error(leaky());
  });
  expect(written).toHaveLength(3);
  expect(written.join()).not.toContain('SECRET');
});

it('a name begins no line of its own', () => {
  const written = lines((log) => log.info({ person: 'x\n{"level":60}\r\u001b[31m\u0000' }));
  expect(written).toHaveLength(1);
  // eslint-disable-next-line no-control-regex -- that they are absent is the point
  expect(written[0]).not.toMatch(/[\u0000-\u001f]/);
  expect(JSON.parse(written[0]!)).toMatchObject({ person: expect.stringContaining('\n') });
});

it('says of which service it is, in every service alike', () => {
  const [line] = lines((log) => log.warn({ tenant: 't' }, 'a sentence'));
  expect(JSON.parse(line!)).toEqual({
    ...{ level: 40, time: expect.stringMatching(/^\d{4}-.*Z$/), tenant: 't', msg: 'a sentence' },
    ...{ service: 'projector', instance: expect.stringMatching(/:\d+$/) },
  });
});

it.each([
  ['a database', Object.assign(new Error('connect postgres://cairn:SECRET@db/cairn'), { code: 'ECONNREFUSED' })],
  ['a broker', new Error('SASL failed for SECRET', { cause: new Error('SECRET') })],
  ['a KurrentDB', Object.assign(new Error('kurrentdb://admin:SECRET@node'), { type: 'UnavailableError' })],
])('of an error of %s no password gets into the log', (_, error) => {
  const [line] = lines((log) => log.error({ tenant: 't', err: error }, 'it is tried again after a pause'));
  expect(line).not.toContain('SECRET');
  expect(JSON.parse(line!)).toMatchObject({ err: { type: 'Error' }, msg: 'it is tried again after a pause' });
});

it('names the trace that is under way', () => {
  const [outside, inside] = lines((log) => {
    log.info('outside');
    inScope({ key: { tenant: 't', correlation: 'c' } }, () => log.info('inside'));
  });
  expect(JSON.parse(outside!)).not.toHaveProperty('trace_id');
  expect(JSON.parse(inside!)).toMatchObject({ trace_id: traceId({ tenant: 't', correlation: 'c' }) });
});
