import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type AllowedNetworks, isPublicAddress } from './public-address.js';

/** Why nothing is sent to a URL. */
export type EgressRefusal =
  /** It is no URL of http or https. */
  | 'not_a_url'
  /** It is not https. Only to networks that are allowed by name anything else is sent. */
  | 'not_https'
  /** It has a name or a password in it. */
  | 'credentials'
  /** Nobody serves webhooks there: below 1024 only 443 is taken, so that no mail or name server is talked to. */
  | 'port'
  /** It is, or leads to, an address that is not public. */
  | 'address';

/** One of a host's addresses. */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Where a URL leads: to addresses that were checked, nowhere, or where nothing may be sent. */
export type Destination =
  | { readonly kind: 'allowed'; readonly addresses: readonly [HostAddress, ...HostAddress[]] }
  | { readonly kind: 'refused'; readonly why: EgressRefusal }
  /** The name has no address now. */
  | { readonly kind: 'unresolved' };

/** All addresses of a name; none when there are none or nobody answers. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Decides whether, and to which addresses, a message to a URL that somebody typed may be sent. A name is resolved once, here,
 * and whoever connects connects to the answer that was checked: a name that leads elsewhere a moment later misleads nobody.
 */
export class EgressGuard {
  constructor(
    private readonly networks: AllowedNetworks,
    private readonly resolve: Resolve = askNameServers,
  ) {}

  /** What speaks against a URL before its name is resolved; undefined: nothing. */
  fault(url: string): EgressRefusal | undefined {
    const read = URL.parse(url);
    if (!read || !['http:', 'https:'].includes(read.protocol) || read.hostname === '') return 'not_a_url';
    if (read.username !== '' || read.password !== '') return 'credentials';
    const literal = literalOf(read);
    if (literal !== undefined) return this.faultAt(read, literal);
    if (isLoopbackName(read)) return LOOPBACK.every((each) => this.faultAt(read, each)) ? 'address' : undefined;
    // Whether it is one of the networks that are allowed is known when it is resolved.
    if (!this.networks.isEmpty) return undefined;
    return this.faultAt(read, undefined);
  }

  async destination(url: string): Promise<Destination> {
    const fault = this.fault(url);
    if (fault) return { kind: 'refused', why: fault };
    const read = new URL(url);
    const literal = literalOf(read);
    const found =
      literal !== undefined ? [literal] : isLoopbackName(read) ? LOOPBACK : await this.resolve(read.hostname);
    const faults = found.map((address) => this.faultAt(read, address));
    // A name that leads to both kinds of address is one that should not be trusted with either, but for this machine's own.
    const why = faults.find((each) => each !== undefined);
    if (why && !(isLoopbackName(read) && faults.includes(undefined))) return { kind: 'refused', why };
    const [first, ...others] = found
      .filter((_, index) => faults[index] === undefined)
      .map((address): HostAddress => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
    return first ? { kind: 'allowed', addresses: [first, ...others] } : { kind: 'unresolved' };
  }

  /** @param address undefined: one that is not known yet, taken as public */
  private faultAt({ protocol, port }: URL, address: string | undefined): EgressRefusal | undefined {
    if (address !== undefined && this.networks.has(address)) return undefined;
    if (address !== undefined && !isPublicAddress(address)) return 'address';
    if (protocol !== 'https:') return 'not_https';
    return port !== '' && Number(port) < 1_024 ? 'port' : undefined;
  }
}

/** The URL's own address, where it has no name. The parser has made usual notation of octal, hexadecimal and single numbers. */
function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

const LOOPBACK = ['127.0.0.1', '::1'] as const;

/** RFC 6761 6.3: never asked of a name server. */
const isLoopbackName = ({ hostname }: URL): boolean => /^(.+\.)?localhost\.?$/.test(hostname);

/**
 * Asks name servers, not the machine's own files, and without the threads that others wait for: a name server that does not
 * answer holds up nobody else.
 */
async function askNameServers(host: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
