import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Where messages must not go although the registries count it among the public ones: the virtual machine's own host in
 * Azure answers there.
 */
const METADATA: readonly Address[] = [ipaddr.parse('168.63.129.16')];

/** All that is assigned to hosts on the Internet, RFC 4291 2.4; what embeds an IPv4 address otherwise lies outside. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is one of a host on the public Internet: not this machine, not its network, not a carrier's, not a
 * cloud's metadata, not many hosts at once, and nothing that stands for such an address in another notation (an IPv4 address
 * mapped into IPv6 counts as what it is; NAT64, 6to4 and Teredo are refused, whatever they lead to).
 * @param text as a resolver gives it; anything that is no address is not public
 */
export function isPublicAddress(text: string): boolean {
  const address = readAddress(text);
  if (!address || METADATA.some((one) => one.toString() === address.toString())) return false;
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}

/** Networks beside the public Internet that messages may go to. */
export interface AllowedNetworks {
  readonly isEmpty: boolean;
  /** @param address as a resolver gives it */
  has(address: string): boolean;
}

const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const;

/**
 * Reads a list like `loopback 10.1.0.0/16`, with spaces or commas between.
 * @returns undefined when something in it is neither `loopback` nor a network in CIDR notation
 */
export function readNetworks(list: string): AllowedNetworks | undefined {
  const names = list.split(/[\s,]+/).filter((name) => name !== '');
  const written = names.flatMap((name) => (name === 'loopback' ? LOOPBACK : [name]));
  if (!written.every((network) => ipaddr.isValidCIDR(network))) return undefined;
  const networks = written.map((network) => ipaddr.parseCIDR(network));
  return {
    isEmpty: networks.length === 0,
    has: (text) => {
      const address = readAddress(text);
      return networks.some(([network, bits]) => address?.kind() === network.kind() && address.match(network, bits));
    },
  };
}

/** As it is connected to: an IPv4 address that is mapped into IPv6 is that IPv4 address. */
const readAddress = (text: string): Address | undefined => (ipaddr.isValid(text) ? ipaddr.process(text) : undefined);
