import { specFor } from '@cairn/event-sourcing/spec';
import { UNBLINDING_LASTS_MS, unblindingDecider } from './decide-unblinding.js';
import type { UnblindingEvent } from './events.js';
import { armOpenUntil, evolve, noUnblindings } from './unblinding.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const { given } = specFor(unblindingDecider, { now, actor: 'ann' });
const by = (actor: string) => ({ now, actor });

const whose = { request: 'r1', trial: 't', participant: 'P1' };
const request = { type: 'requestUnblinding', ...whose, reason: 'an adverse event' } as const;
const approve = { type: 'approveUnblinding', ...whose } as const;
const deny = { type: 'denyUnblinding', ...whose, reason: 'no need to know' } as const;

const requested: UnblindingEvent = {
  type: 'UnblindingRequested',
  occurredAt: now,
  data: { ...whose, person: 'ann', reason: 'an adverse event' },
};
const approved: UnblindingEvent = {
  type: 'UnblindingApproved',
  occurredAt: now,
  data: { ...whose, person: 'bob', until: '2018-06-02T12:00:00.000Z' },
};
const denied: UnblindingEvent = {
  type: 'UnblindingDenied',
  occurredAt: now,
  data: { ...whose, person: 'bob', reason: 'no need to know' },
};

describe('a request to learn an arm', () => {
  it('is recorded with who asks and why', () => given().when(request).then(requested));
  it('made again changes nothing', () => given(requested).when(request).then());
  it('made again once it was decided asks for nothing', () => given(requested, denied).when(request).then());
  it('under the id of somebody else’s is refused', () =>
    given(requested).when(request, by('bob')).thenRefused('UNBLINDING_EXISTS', 'request'));
  it('under the id of one with another reason is refused', () =>
    given(requested)
      .when({ ...request, reason: 'curiosity' })
      .thenRefused('UNBLINDING_EXISTS', 'request'));
});

describe('a decision', () => {
  it('to approve opens the arm for a day', () => given(requested).when(approve, by('bob')).then(approved));
  it('to deny keeps the reason', () => given(requested).when(deny, by('bob')).then(denied));
  it.each([approve, deny])('by who asked is refused', (command) =>
    given(requested).when(command, by('ann')).thenRefused('SAME_PERSON', 'request'),
  );
  it.each([approve, deny])('on a request that was not made is refused', (command) =>
    given(requested)
      .when({ ...command, request: 'r2' }, by('bob'))
      .thenRefused('UNBLINDING_UNKNOWN', 'request'),
  );
  it.each([
    ['approved', approve, approved],
    ['denied', deny, denied],
  ])('%s again changes nothing', (_, command, past) => given(requested, past).when(command, by('bob')).then());
  it.each([
    ['approved by somebody else', approve, 'eve', approved],
    ['denied by somebody else', deny, 'eve', denied],
    ['denied for another reason', { ...deny, reason: 'too late' }, 'bob', denied],
    ['approved after a denial', approve, 'bob', denied],
    ['denied after an approval', deny, 'bob', approved],
  ] as const)('%s is refused', (_, command, actor, past) =>
    given(requested, past).when(command, by(actor)).thenRefused('ALREADY_DECIDED', 'request'),
  );
});

describe('an arm', () => {
  const openAt = (instant: number, person: string, ...past: readonly UnblindingEvent[]) =>
    armOpenUntil(past.reduce(evolve, noUnblindings), person, instant);
  const end = now + UNBLINDING_LASTS_MS;

  it('is open to who asked, until the end', () => {
    expect(openAt(end - 1, 'ann', requested, approved)).toBe(end);
    expect(openAt(end, 'ann', requested, approved)).toBeUndefined();
  });
  it('is not open to who approved', () => expect(openAt(now, 'bob', requested, approved)).toBeUndefined());
  it('is not open before a decision, nor after a denial', () => {
    expect(openAt(now, 'ann', requested)).toBeUndefined();
    expect(openAt(now, 'ann', requested, denied)).toBeUndefined();
  });
});
