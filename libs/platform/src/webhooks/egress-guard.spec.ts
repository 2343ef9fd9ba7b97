import { isIP } from 'node:net';
import { EgressGuard } from './egress-guard.js';
import { isPublicAddress, readNetworks } from './public-address.js';

const nowhereElse = readNetworks('')!;
const guard = (...answers: readonly string[][]) => {
  const asked = [...answers];
  return new EgressGuard(nowhereElse, async () => asked.shift() ?? []);
};

const inside: readonly (readonly [what: string, address: string])[] = [
  ['this machine', '127.0.0.1'],
  ['this machine by another of its addresses', '127.255.255.254'],
  ['no address in particular', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['RFC 1918', '10.0.0.1'],
  ['RFC 1918', '172.16.0.1'],
  ['RFC 1918, its end', '172.31.255.255'],
  ['RFC 1918', '192.168.1.1'],
  ['a carrier', '100.64.0.1'],
  ['metadata of Alibaba', '100.100.100.200'],
  ['metadata of AWS, Google and Azure', '169.254.169.254'],
  ['the host of Azure', '168.63.129.16'],
  ['metadata of Oracle', '192.0.0.192'],
  ['documentation', '192.0.2.1'],
  ['documentation', '198.51.100.7'],
  ['documentation', '203.0.113.9'],
  ['benchmarks', '198.18.0.1'],
  ['6to4 relays', '192.88.99.1'],
  ['many at once', '224.0.0.1'],
  ['many at once', '239.255.255.250'],
  ['reserved', '240.0.0.1'],
  ['everybody', '255.255.255.255'],
  ['this machine', '::1'],
  ['no address in particular', '::'],
  ['this machine, mapped', '::ffff:127.0.0.1'],
  ['this machine, mapped, in hexadecimal', '::ffff:7f00:1'],
  ['metadata, mapped', '::ffff:a9fe:a9fe'],
  ['this machine, IPv4-compatible', '::7f00:1'],
  ['this machine, IPv4-translated', '::ffff:0:7f00:1'],
  ['this machine by NAT64', '64:ff9b::7f00:1'],
  ['metadata by NAT64', '64:ff9b::a9fe:a9fe'],
  ['a network’s own NAT64', '64:ff9b:1::a00:1'],
  ['this machine by 6to4', '2002:7f00:1::'],
  ['RFC 1918 by 6to4', '2002:c0a8:101::1'],
  ['this machine by Teredo', '2001:0:7f00:1::'],
  ['link-local', 'fe80::1'],
  ['site-local', 'fec0::1'],
  ['unique local', 'fc00::1'],
  ['metadata of AWS', 'fd00:ec2::254'],
  ['many at once', 'ff02::1'],
  ['documentation', '2001:db8::1'],
  ['documentation', '3fff::1'],
  ['benchmarks', '2001:2::1'],
  ['nobody', '100::1'],
  ['segment routing', '5f00::1'],
  ['nothing assigned', '4000::1'],
];

describe('an address that is not public', () => {
  it.each(inside)('%s: %s', async (_what, address) => {
    expect(isPublicAddress(address)).toBe(false);
    // Neither typed nor as the answer of a name server.
    const host = isIP(address) === 6 ? `[${address}]` : address;
    expect(await guard().destination(`https://${host}/`)).toEqual({ kind: 'refused', why: 'address' });
    expect(await guard([address]).destination('https://hooks.example/')).toEqual({ kind: 'refused', why: 'address' });
  });

  it.each([
    ['a single number', 'https://2130706433/'],
    ['octal', 'https://0177.0.0.1/'],
    ['hexadecimal', 'https://0x7f.0.0.1/'],
    ['hexadecimal in one', 'https://0x7f000001/'],
    ['fewer parts', 'https://127.1/'],
    ['a dot at its end', 'https://127.0.0.1./'],
    ['digits of full width', 'https://１２７.０.０.１/'],
    ['percent signs', 'https://%31%32%37.0.0.1/'],
    ['mapped, with dots', 'https://[::ffff:127.0.0.1]/'],
    ['all of its groups', 'https://[0:0:0:0:0:0:0:1]/'],
    ['the name of this machine', 'https://localhost/'],
    ['that name with a dot', 'https://LOCALHOST./'],
    ['a name under it', 'https://hooks.localhost/'],
  ])('is known in another notation: %s', (_what, url) => {
    expect(guard().fault(url)).toBe('address');
  });

  it('is refused beside a public one', async () => {
    expect(await guard(['93.184.215.14', '10.0.0.1']).destination('https://hooks.example/')).toEqual({
      kind: 'refused',
      why: 'address',
    });
  });
});

it.each(['93.184.215.14', '8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450::1'])(
  '%s is public',
  async (address) => {
    const family = isIP(address);
    expect(isPublicAddress(address)).toBe(true);
    expect(await guard([address]).destination('https://hooks.example/')).toEqual({
      kind: 'allowed',
      addresses: [{ address, family }],
    });
  },
);

it.each([
  ['gopher://hooks.example/', 'not_a_url'],
  ['file:///etc/passwd', 'not_a_url'],
  ['hooks.example', 'not_a_url'],
  ['', 'not_a_url'],
  ['http://hooks.example/', 'not_https'],
  ['https://ann:secret@hooks.example/', 'credentials'],
  ['https://ann@hooks.example/', 'credentials'],
  ['https://hooks.example:25/', 'port'],
  ['https://hooks.example:53/', 'port'],
])('%s is refused: %s', (url, why) => {
  expect(guard().fault(url)).toBe(why);
});

it.each(['https://hooks.example/', 'https://hooks.example:8443/x?y=z', 'https://8.8.8.8/'])('%s is taken', (url) => {
  expect(guard().fault(url)).toBeUndefined();
});

it('a name that nobody knows leads nowhere', async () => {
  expect(await guard([]).destination('https://hooks.example/')).toEqual({ kind: 'unresolved' });
});

describe('networks that are allowed by name', () => {
  const development = new EgressGuard(readNetworks('loopback, 10.1.0.0/16')!, async () => ['10.1.2.3']);

  it('are reached without https and at any port', async () => {
    expect(development.fault('http://localhost:80/')).toBeUndefined();
    expect(development.fault('http://[::1]:3000/')).toBeUndefined();
    expect(await development.destination('http://inner.example/')).toMatchObject({ kind: 'allowed' });
  });

  it('make nothing else public', async () => {
    expect(development.fault('https://10.2.0.1/')).toBe('address');
    expect(development.fault('http://8.8.8.8/')).toBe('not_https');
    const mapped = new EgressGuard(readNetworks('10.1.0.0/16')!, async () => ['::ffff:127.0.0.1']);
    expect(await mapped.destination('http://inner.example/')).toEqual({ kind: 'refused', why: 'address' });
  });

  it('are written as networks', () => {
    expect(readNetworks('loopback 10.1.0.0')).toBeUndefined();
    expect(readNetworks('10.1.0.0/33')).toBeUndefined();
  });
});
