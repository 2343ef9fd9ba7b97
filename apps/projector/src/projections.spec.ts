import { defineProjection } from '@cairn/platform';
import { catalogue, projections } from './projections.js';

describe.each(projections.map(({ projection }) => [projection.name, projection] as const))('%s', (_, projection) => {
  it('can be run', () => {
    expect(defineProjection(projection).hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('folds event types that the product has', () => {
    expect([...catalogue.versions().keys()]).toEqual(expect.arrayContaining([...projection.eventTypes]));
  });
});
