import { uuidV5 } from '@cairn/event-sourcing';
import type { Alert } from './alert.js';
import { DIGEST_MAX, digestsOf } from './digest.js';

const due = Date.parse('2026-01-15T08:30:00Z');
const of = { trial: 'x', subscription: 's' };
const alert = (number: number): Alert => ({
  specversion: '1.0',
  id: uuidV5(`alert ${number}`),
  source: '/tenants/t/trials/x',
  type: 'org.cairn.signal.raised.v1',
  subject: uuidV5(`signal ${number}`),
  time: '2026-01-15T08:00:00.000Z',
  datacontenttype: 'application/json',
  partitionkey: 'S1',
  data: {
    trial: 'x',
    site: 'S1',
    signal: uuidV5(`signal ${number}`),
    kind: 'raised',
    rule: 'supervision_gap',
    severity: 'critical',
    subject: { kind: 'site', id: 'S1' },
    retrospective: false,
    link: `/trials/x/signals/${uuidV5(`signal ${number}`)}`,
  },
});
const alerts = (count: number) => Array.from({ length: count }, (_, number) => alert(number));

it('a digest names each alert once, in order, by ids and links', () => {
  const [digest, ...others] = digestsOf(of, due, alerts(3));
  expect(others).toEqual([]);
  expect(digest).toMatchObject({
    type: 'org.cairn.digest.v1',
    source: '/tenants/t/trials/x',
    subject: 's',
    time: '2026-01-15T08:30:00.000Z',
  });
  expect(digest!.data.alerts.map(({ id }) => id)).toEqual(alerts(3).map(({ id }) => id));
  expect(Object.keys(digest!.data.alerts[0]!)).toEqual([
    ...['id', 'type', 'time', 'site', 'signal', 'kind', 'rule', 'severity', 'link'],
  ]);
});

it('the same alerts at the same time are the same message, at another time another', () => {
  const [first] = digestsOf(of, due, alerts(2));
  expect(digestsOf(of, due, alerts(2))).toEqual([first]);
  expect(digestsOf(of, due + 86_400_000, alerts(2))[0]!.id).not.toBe(first!.id);
  expect(digestsOf({ ...of, subscription: 'r' }, due, alerts(2))[0]!.id).not.toBe(first!.id);
});

it('more than one message holds are several, without a gap', () => {
  const many = alerts(2 * DIGEST_MAX + 1);
  const parts = digestsOf(of, due, many);
  expect(parts.map(({ data }) => data.alerts.length)).toEqual([DIGEST_MAX, DIGEST_MAX, 1]);
  expect(parts.flatMap(({ data }) => data.alerts.map(({ id }) => id))).toEqual(many.map(({ id }) => id));
  expect(new Set(parts.map(({ id }) => id)).size).toBe(3);
});

it('nothing is no message', () => expect(digestsOf(of, due, [])).toEqual([]));
