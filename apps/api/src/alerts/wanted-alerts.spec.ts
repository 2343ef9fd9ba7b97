import { wantedAlerts } from './wanted-alerts.js';

const wanted = (query: Parameters<typeof wantedAlerts>[1], lastEventId?: string) =>
  wantedAlerts('T', query, lastEventId === undefined ? {} : { 'last-event-id': lastEventId });

it('is what the address says, and where the client was', () => {
  expect(wanted({})).toEqual({ trial: 'T', site: undefined, filter: {}, after: undefined });
  expect(wanted({ site: 'S1', rule: ['A', 'B'], severity: 'critical', kind: 'raised', after: 'x' })).toEqual({
    ...{ trial: 'T', site: undefined, after: 'x' },
    filter: { sites: ['S1'], rules: ['A', 'B'], severity: 'critical', kinds: ['raised'] },
  });
  expect(wanted({ after: 'begun' }, 'had')).toMatchObject({ after: 'had' });
  expect(wanted({ after: 'begun' }, '')).toMatchObject({ after: 'begun' });
});

it.each([
  [{ sites: 'S1' }, 'the parameters are site, rule, severity, kind, after'],
  [{ severity: 'urgent' }, 'severity'],
  [{ severity: ['notice', 'critical'] }, 'severity is given once'],
  [{ after: ['a', 'b'] }, 'after is given once'],
  [{ kind: 'fired' }, 'kinds.0'],
  [{ site: '' }, 'sites.0'],
  [{ rule: Array.from({ length: 1_001 }, (_, n) => `R${n}`) }, 'rules'],
])('%j is refused', (query, message) => {
  expect(() => wanted(query)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    }),
  );
});
