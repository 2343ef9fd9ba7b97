import fc from 'fast-check';
import { isTopicOf, TOPIC_PREFIX, topicsBeginWith } from './tenant-topics.js';

it('lets a tenant have topics that begin with its id', () => {
  expect(isTopicOf('enrich', 'cairn.enrich.alerts', TOPIC_PREFIX)).toBe(true);
  expect(isTopicOf('enrich', 'cairn.enrich.', TOPIC_PREFIX)).toBe(false);
  expect(isTopicOf('enrich', 'cairn.enrichment.alerts', TOPIC_PREFIX)).toBe(false);
  expect(isTopicOf('enrich', '__consumer_offsets', TOPIC_PREFIX)).toBe(false);
  expect(isTopicOf('enrich', 'alerts.enrich', 'alerts.')).toBe(true);
});

it('lets no two tenants have the same topic, whatever they are called', () => {
  const tenant = fc.oneof(
    fc.stringMatching(/^[a-b._-]{1,6}$/),
    fc.string({ minLength: 1, maxLength: 10 }),
    // One that calls itself what stands for another.
    fc.string({ minLength: 1, maxLength: 3 }).map((name) => topicsBeginWith(name, '{tenant}')),
  );
  const ends = fc.stringMatching(/^[a-b._-]{1,6}$/);
  fc.assert(
    fc.property(tenant, tenant, ends, (one, other, end) => {
      fc.pre(one !== other);
      const topic = `${topicsBeginWith(one, TOPIC_PREFIX)}${end}`;
      expect(isTopicOf(one, topic, TOPIC_PREFIX)).toBe(true);
      expect(isTopicOf(other, topic, TOPIC_PREFIX)).toBe(false);
    }),
  );
});

it('makes of every id what a topic may be called', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 100 }), (tenant) => {
      expect(`${topicsBeginWith(tenant, TOPIC_PREFIX)}x`).toMatch(/^[A-Za-z0-9._-]{1,249}$/);
    }),
  );
});
