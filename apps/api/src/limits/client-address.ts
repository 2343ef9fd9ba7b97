import type { IncomingMessage, Server } from 'node:http';
import type { AllowedNetworks } from '@cairn/platform/webhooks';

const told = new WeakMap<IncomingMessage, string>();

/** Where a request comes from: what is counted by address is counted by this one. */
export const addressOf = (request: IncomingMessage): string => told.get(request) ?? request.socket.remoteAddress ?? '';

/**
 * Believes what the proxies in front of the service say of who asks them. Whoever else sends `X-Forwarded-For` is not believed, or
 * everybody could be whoever they like.
 * @param proxies the networks that they are in
 */
export function believeProxies(server: Server, proxies: AllowedNetworks): void {
  if (proxies.isEmpty) return;
  const read = (request: IncomingMessage): void => {
    const from = request.socket.remoteAddress;
    if (from !== undefined) told.set(request, through(proxies, from, request.headers['x-forwarded-for']));
  };
  // Before anything else looks at the request.
  server.prependListener('request', read);
  server.prependListener('upgrade', read);
}

/** The last address on the way here that is no proxy of ours: what is written left of it anybody may have written. */
export function through(proxies: AllowedNetworks, from: string, forwarded: string | string[] | undefined): string {
  const way = [forwarded ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((address) => address.trim());
  let address = from;
  while (proxies.has(address)) {
    const before = way.pop();
    if (before === undefined || before === '') break;
    address = before;
  }
  return address;
}
