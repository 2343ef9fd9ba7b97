import { readNetworks } from '@cairn/platform/webhooks';
import { through } from './client-address.js';

const proxies = readNetworks('loopback 10.0.0.0/8')!;

test.each([
  ['nobody in between', '203.0.113.9', undefined, '203.0.113.9'],
  ['who says that it is somebody else', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['a proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['two proxies', '127.0.0.1', '203.0.113.9, 10.0.0.1', '203.0.113.9'],
  ['who tells a proxy that it is somebody else', '10.0.0.1', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['a proxy that says what is no address', '10.0.0.1', 'unknown', 'unknown'],
  ['a proxy that asks by itself, mapped into IPv6', '::ffff:10.0.0.1', '10.0.0.2', '10.0.0.2'],
])('%s', (_who, from, forwarded, address) => expect(through(proxies, from, forwarded)).toBe(address));
