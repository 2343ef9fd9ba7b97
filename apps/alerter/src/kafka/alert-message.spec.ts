import type { Alert } from '@cairn/signals';
import { Kafka } from 'cloudevents';
import { messageOf } from './alert-message.js';

const alert: Alert = {
  specversion: '1.0',
  id: '5ba6bd3e-8a3c-5c7b-9d5c-2d0a3d1f2b4c',
  source: '/tenants/a/trials/enrich',
  type: 'org.cairn.signal.raised.v1',
  subject: '2c5ea4c0-4067-5fe9-8bad-9b1deb4d3b7d',
  time: '2024-03-01T08:00:00.000Z',
  datacontenttype: 'application/json',
  partitionkey: 'S4',
  data: {
    trial: 'enrich',
    site: 'S4',
    signal: '2c5ea4c0-4067-5fe9-8bad-9b1deb4d3b7d',
    kind: 'raised',
    rule: 'supervision_gap',
    severity: 'critical',
    subject: { kind: 'site', id: 'S4' },
    retrospective: false,
    link: '/trials/enrich/signals/2c5ea4c0-4067-5fe9-8bad-9b1deb4d3b7d',
  },
};

it('is the alert again for whoever reads CloudEvents', () => {
  const { key, value, headers } = messageOf(alert);
  const read = Kafka.toEvent({ key, value, headers, timestamp: '' } as never);
  expect(JSON.parse(JSON.stringify(read))).toEqual(alert);
});

it('has the site as its key, and the id where nobody has to read the rest', () => {
  const { key, headers } = messageOf(alert);
  expect(key).toBe('S4');
  expect(headers).toMatchObject({ ce_id: alert.id, ce_specversion: '1.0', 'content-type': 'application/json' });
});
