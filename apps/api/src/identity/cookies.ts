import type { IncomingMessage, ServerResponse } from 'node:http';

/** Browsers drop what is longer, and do not tell. Bytes, name and attributes included. */
const MAX_COOKIE = 4_096;

/**
 * A cookie of this service: not for scripts, not sent along by pages of other sites. Where the service is reached by https, its
 * name has a prefix that keeps every other host and plain http from setting it.
 */
export class Cookie {
  readonly name: string;
  private readonly attributes: string;

  constructor(name: string, secure: boolean) {
    this.name = secure ? `__Host-${name}` : name;
    this.attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  /** Every value that the request has under the name: more than one is not of our making. */
  valuesIn({ headers }: IncomingMessage): readonly string[] {
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
    return pairs.filter((pair) => pair.startsWith(`${this.name}=`)).map((pair) => pair.slice(this.name.length + 1));
  }

  /** @throws RangeError when the browser would not keep it */
  set(response: ServerResponse, value: string, seconds: number): void {
    const cookie = `${this.name}=${value}; Max-Age=${Math.max(0, Math.floor(seconds))}; ${this.attributes}`;
    if (cookie.length > MAX_COOKIE) throw new RangeError('the token is too long for a cookie');
    response.appendHeader('set-cookie', cookie);
  }

  clear(response: ServerResponse): void {
    response.appendHeader('set-cookie', `${this.name}=; Max-Age=0; ${this.attributes}`);
  }
}
