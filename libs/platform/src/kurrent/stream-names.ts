import { createHash } from 'node:crypto';
import type { TenantId } from '@cairn/event-sourcing';

/** Longest encoded name of a stream that is kept as it is. */
const ENCODED_MAX_LENGTH = 600;
/** What a name may hold unencoded. Neither "." nor "!": those are ours, so no choice of ids can make two names meet. */
const ENCODED = /[^A-Za-z0-9_~/:-]/gu;

/** Of every stream with events of a trial. */
export const EVENT_STREAMS = 't_';

/** A tenant's stream: `t_<tenant>.<stream>`. A name that grows too long by encoding is replaced by its digest. */
export function eventStream(tenant: TenantId, stream: string): string {
  const encoded = encode(stream);
  const part = encoded.length <= ENCODED_MAX_LENGTH ? encoded : `!${createHash('sha256').update(stream).digest('hex')}`;
  return `${tenantStreams(tenant)}${part}`;
}

/** What the names of all streams of a tenant begin with, and of no other's: an encoded tenant holds no full stop. */
export const tenantStreams = (tenant: TenantId): string => `${EVENT_STREAMS}${encode(tenant)}.`;

/** Where it is kept which stream a command's events are in. */
export const commandStream = (tenant: TenantId, commandId: string): string =>
  `c_${encode(tenant)}.${commandId.toLowerCase()}`;

/** @returns undefined for a stream that is none of ours; without `stream` where only the events themselves tell its name */
export function readEventStream(name: string): { readonly tenant: TenantId; readonly stream?: string } | undefined {
  const dot = name.indexOf('.');
  if (!name.startsWith(EVENT_STREAMS) || dot < 0) return undefined;
  const [tenant, stream] = [name.slice(EVENT_STREAMS.length, dot), name.slice(dot + 1)];
  try {
    return {
      tenant: decodeURIComponent(tenant),
      ...(!stream.startsWith('!') && { stream: decodeURIComponent(stream) }),
    };
  } catch {
    return undefined;
  }
}

/** A regular expression for exactly one name: it has no character that means something in one but the full stop. */
export const exactly = (name: string): string => `^${name.replaceAll('.', '\\.')}$`;

/** For streams of every tenant but these. */
export const streamsOfOthers = (tenants: readonly TenantId[]): string =>
  tenants.length === 0 ? `^${EVENT_STREAMS}` : `^${EVENT_STREAMS}(?!(?:${tenants.map(encode).join('|')})\\.)`;

/** Percent-encoded UTF-8, also of what encodeURIComponent spares: ASCII only, as errors carry names in headers. */
const encode = (text: string): string =>
  text.replace(ENCODED, (character) => {
    const encoded = encodeURIComponent(character);
    return encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded;
  });
