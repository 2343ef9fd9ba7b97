import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cookie } from './cookies.js';

function setBy(cookie: Cookie, value: string, seconds: number): string | undefined {
  let line: string | undefined;
  cookie.set(
    { appendHeader: (_name: string, given: string) => (line = given) } as unknown as ServerResponse,
    value,
    seconds,
  );
  return line;
}
const requestWith = (cookie: string) => ({ headers: { cookie } }) as IncomingMessage;

it('belongs to one host over https alone, where there is https', () => {
  expect(setBy(new Cookie('session', true), 'token', 60.9)).toBe(
    '__Host-session=token; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
  );
  expect(setBy(new Cookie('session', false), 'token', -1)).toBe(
    'session=token; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  );
});

it('is found under its own name only, and each time that it is there', () => {
  const request = requestWith('a=1; session=x=y; mysession=2;session=z; __Host-session=w; session');
  expect(new Cookie('session', false).valuesIn(request)).toEqual(['x=y', 'z']);
  expect(new Cookie('session', true).valuesIn(request)).toEqual(['w']);
});

it('is not made where a browser would silently drop it', () => {
  expect(() => setBy(new Cookie('session', false), 'x'.repeat(4_096), 60)).toThrow(RangeError);
});
