import fc from 'fast-check';
import { Pace } from './pace.js';

it('a burst is free, what is beyond it is owed until it has flowed in', () => {
  let now = 0;
  const pace = new Pace(100, () => now);
  expect(pace.spend('a', 10, 100)).toBe(0);
  expect(pace.spend('a', 10, 100)).toBe(100);
  expect(pace.spend('b', 10, 100)).toBe(0);
  now = 100;
  expect(pace.spend('a', 10, 100)).toBe(100);
  now = 10_000;
  // Who was away has a burst and no more.
  expect(pace.spend('a', 20, 100)).toBe(100);
});

it('whoever waits for its debts never spends more than the flow and one burst', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(300))), (spendings) => {
      let now = 0;
      let spent = 0;
      const pace = new Pace(100, () => now);
      for (const [amount, pause] of spendings) {
        spent += amount;
        const debt = pace.spend('a', amount, 100);
        now += debt;
        expect(spent).toBeLessThanOrEqual((now + 100) / 10 + 1e-6);
        now += pause;
      }
    }),
  );
});
