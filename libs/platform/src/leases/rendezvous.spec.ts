import fc from 'fast-check';
import { shouldHave } from './rendezvous.js';

const instances = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 8 });
const tenants = Array.from({ length: 400 }, (_, index) => `sponsor-${index}`);

describe('who should have a tenant', () => {
  it('is the same for all, in whichever order they know each other', () => {
    fc.assert(
      fc.property(instances, fc.string(), (live, tenant) => {
        expect(shouldHave('projector', tenant, live.toReversed())).toBe(shouldHave('projector', tenant, live));
      }),
    );
  });

  it('is about as many for each', () => {
    fc.assert(
      fc.property(instances, (live) => {
        const counts = new Map<string, number>();
        for (const tenant of tenants) {
          const one = shouldHave('projector', tenant, live)!;
          counts.set(one, (counts.get(one) ?? 0) + 1);
        }
        const fair = tenants.length / live.length;
        // Six standard deviations of a fair draw.
        const most = 6 * Math.sqrt(fair);
        for (const one of live) expect(Math.abs((counts.get(one) ?? 0) - fair)).toBeLessThan(most);
      }),
      { numRuns: 30 },
    );
  });

  it('changes, when one goes, for what that one had and nothing else', () => {
    fc.assert(
      fc.property(instances, (live) => {
        const [gone, ...left] = live;
        for (const tenant of tenants.slice(0, 50)) {
          const before = shouldHave('projector', tenant, live);
          if (before !== gone) expect(shouldHave('projector', tenant, left)).toBe(before);
        }
      }),
    );
  });

  it('is nobody where nobody lives', () => expect(shouldHave('projector', 'a', [])).toBeUndefined());
});
