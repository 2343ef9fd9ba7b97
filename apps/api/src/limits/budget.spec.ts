import { Budget } from './budget.js';

it('what is spent beyond a window is paid in the next ones', async () => {
  const budget = new Budget(10);
  expect(await budget.spend('a', 60, 100)).toBe(0);
  const over = await budget.spend('a', 60, 100);
  expect(over).toBeGreaterThan(9_000);
  expect(over).toBeLessThanOrEqual(10_000);
  const farOver = await budget.spend('a', 200, 100);
  expect(farOver).toBeGreaterThan(29_000);
  expect(farOver).toBeLessThanOrEqual(30_000);
  expect(await budget.spend('b', 100, 100)).toBe(0);
});
