import { specFor } from '@cairn/event-sourcing/spec';
import { queryDecider } from './decide-query.js';
import type { QueryEvent } from './events.js';
import { ageInDays, evolveQuery, noQuery } from './query.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const event = '9556d166-cad8-56e5-97da-e6402c2293e9';
const about = { site: 'S1', participant: 'P1' };
const { given } = specFor(queryDecider, { now, actor: 'ann', about });

const id = { trial: 't', query: 'q1' };
const whose = { ...id, participant: 'P1' };
const raise = { type: 'raiseQuery', ...id, event, text: 'Is 900 minutes right?' } as const;
const raised: QueryEvent = {
  type: 'QueryRaised',
  occurredAt: now,
  data: { ...whose, site: 'S1', event, text: 'Is 900 minutes right?' },
};
const answer = { type: 'answerQuery', ...id, text: 'It was 90.' } as const;
const answered: QueryEvent = { type: 'QueryAnswered', occurredAt: now, data: { ...whose, text: 'It was 90.' } };
const reopen = { type: 'reopenQuery', ...id, text: 'Then amend it.' } as const;
const reopened: QueryEvent = { type: 'QueryReopened', occurredAt: now, data: { ...whose, text: 'Then amend it.' } };
const close = { type: 'closeQuery', ...id } as const;
const closed: QueryEvent = { type: 'QueryClosed', occurredAt: now, data: whose };

describe('a query', () => {
  it('is raised about what was found', () => given().when(raise).then(raised));
  it('raised again is raised', () => given(raised).when(raise).then());
  it('raised again once it is closed asks for nothing', () => given(raised, closed).when(raise).then());
  it('under the id of another is refused', () =>
    given(raised)
      .when({ ...raise, text: 'And this?' })
      .thenRefused('QUERY_EXISTS', 'query'));
  it('about what is not there is refused by the field that names it', () => {
    const world = { now, actor: 'ann' };
    given().when(raise, world).thenRefused('SUBJECT_UNKNOWN', 'event');
    given()
      .when({ type: 'raiseQuery', ...id, participant: 'P9', text: 'Who?' }, world)
      .thenRefused('SUBJECT_UNKNOWN', 'participant');
    given()
      .when({ type: 'raiseQuery', ...id, site: 'S9', text: 'Where?' }, world)
      .thenRefused('SUBJECT_UNKNOWN', 'site');
  });
  it('about nothing is refused', () =>
    given()
      .when({ type: 'raiseQuery', ...id, text: 'Why?' })
      .thenRefused('QUERY_ABOUT_NOTHING', 'event'));

  it('is answered, opened again, answered again, closed', () => {
    given(raised).when(answer).then(answered);
    given(raised, answered).when(reopen).then(reopened);
    given(raised, answered, reopened).when(answer).then(answered);
    given(raised, answered).when(close).then(closed);
    given(raised).when(close).then(closed);
  });
  it('that is open needs not be opened', () => given(raised).when(reopen).thenRefused('QUERY_NOT_ANSWERED', 'query'));
  it('that is closed stays so', () => {
    given(raised, closed).when(answer).thenRefused('QUERY_CLOSED', 'query');
    given(raised, closed).when(reopen).thenRefused('QUERY_CLOSED', 'query');
    given(raised, closed).when(close).then();
  });
  it('that was never raised is unknown', () => {
    for (const command of [answer, reopen, close]) given().when(command).thenRefused('QUERY_UNKNOWN', 'query');
  });
});

it('the age of a query stands still once it is closed', () => {
  const day = 24 * 60 * 60 * 1_000;
  const open = evolveQuery(noQuery, raised);
  if (open.kind === 'none') throw new Error('it was raised');
  expect(ageInDays(open, now + 3 * day)).toBe(3);
  const ended = evolveQuery(open, { ...closed, occurredAt: now + 2 * day });
  if (ended.kind === 'none') throw new Error('it was raised');
  expect([ageInDays(ended, now + 9 * day), ageInDays(ended, now + day)]).toEqual([2, 1]);
});
