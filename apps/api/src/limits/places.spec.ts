import { Places } from './places.js';

it('a tenant has so many places, a person of it fewer, and each comes back once', () => {
  const places = new Places();
  const take = (tenant: string, person: string) => places.take(tenant, person, 3, 2);
  const first = take('t', 'a');
  expect([first, take('t', 'a')]).not.toContain(undefined);
  expect(take('t', 'a')).toBeUndefined();
  expect(take('t', 'b')).toBeDefined();
  expect(take('t', 'c')).toBeUndefined();
  expect(take('another', 'a')).toBeDefined();
  first!();
  first!();
  expect(take('t', 'c')).toBeDefined();
  expect(take('t', 'd')).toBeUndefined();
});
