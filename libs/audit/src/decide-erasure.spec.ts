import { specFor } from '@cairn/event-sourcing/spec';
import { erasureDecider } from './decide-erasure.js';
import type { ErasureEvent } from './events.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const max = { now, actor: 'max' };
const ada = { now, actor: 'ada' };
const { given } = specFor(erasureDecider, max);

const of = { trial: 't', participant: 'P1', request: 'E1' };
const request = { type: 'requestErasure', ...of, reason: 'asked for it' } as const;
const erase = { type: 'eraseParticipant', ...of, reason: 'the letter is on file' } as const;
const deny = { type: 'denyErasure', ...of, reason: 'asked to wait' } as const;

const requested: ErasureEvent = {
  type: 'ErasureRequested',
  occurredAt: now,
  data: { ...of, person: 'max', reason: 'asked for it' },
};
const requestedAgain: ErasureEvent = { ...requested, data: { ...requested.data, request: 'E2' } };
const erased: ErasureEvent = {
  type: 'ParticipantErased',
  occurredAt: now,
  data: { ...of, person: 'ada', reason: 'the letter is on file' },
};
const denied: ErasureEvent = {
  type: 'ErasureDenied',
  occurredAt: now,
  data: { ...of, person: 'ada', reason: 'asked to wait' },
};

describe('an erasure', () => {
  it('is asked for', () => given().when(request).then(requested));
  it('asked for again changes nothing', () => given(requested).when(request).then());
  it('asked for again for another reason is refused', () =>
    given(requested)
      .when({ ...request, reason: 'other' })
      .thenRefused('ERASURE_EXISTS', 'request'));
  it('under somebody else’s request is refused', () =>
    given(requested).when(request, ada).thenRefused('ERASURE_EXISTS', 'request'));

  it('is done by a second person, and says why', () => given(requested).when(erase, ada).then(erased));
  it('is denied by a second person, and says why', () => given(requested).when(deny, ada).then(denied));
  it.each([erase, deny])('is not decided by who asked: $type', (command) =>
    given(requested).when(command).thenRefused('ERASURE_BY_ONE_PERSON', 'request'),
  );
  it.each([erase, deny])('is not decided without being asked for: $type', (command) =>
    given().when(command, ada).thenRefused('ERASURE_UNKNOWN', 'request'),
  );
  it('decided again changes nothing', () => {
    given(requested, erased).when(erase, ada).then();
    given(requested, denied).when(deny, ada).then();
  });
  it.each([
    ['denied', erased, deny, ada],
    ['done', denied, erase, ada],
    ['done for another reason', erased, { ...erase, reason: 'other' }, ada],
    ['done by somebody else', erased, erase, { now, actor: 'eve' }],
  ])('that was decided is not %s', (_what, decided, command, world) =>
    given(requested, decided).when(command, world).thenRefused('ERASURE_DECIDED', 'request'),
  );

  it('is done once, whoever asked for it', () => {
    given(requested, requestedAgain, erased)
      .when({ ...erase, request: 'E2' }, ada)
      .thenRefused('ALREADY_ERASED', 'participant');
    given(requested, erased)
      .when({ ...request, request: 'E2' })
      .thenRefused('ALREADY_ERASED', 'participant');
  });
  it('that was denied can be asked for again', () =>
    given(requested, denied)
      .when({ ...request, request: 'E2' })
      .then(requestedAgain));
  it('asked for twice can be denied once and done once', () =>
    given(requested, requestedAgain, denied)
      .when({ ...erase, request: 'E2' }, ada)
      .then({ ...erased, data: { ...erased.data, request: 'E2' } }));
});
