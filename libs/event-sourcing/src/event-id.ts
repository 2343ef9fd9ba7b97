import { createHash } from 'node:crypto';

/** Namespace of Cairn's event ids; made once at random, fixed for ever because stored ids derive from it. */
const NAMESPACE = Buffer.from('7f1d3c5e9a4b4d0a8c6e2b9f5a1d7e30', 'hex');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID in its hexadecimal form, of any version. */
export const isUuid = (text: string): boolean => UUID.test(text);

/**
 * The id of a command's n-th event: UUID v5 (RFC 9562) of the command id and the ordinal, so that a retry makes the
 * same ids in every store and a store can find a command's first event without an index of commands.
 */
export function eventId(commandId: string, ordinal: number): string {
  return uuidV5(`${commandId.toLowerCase()}:${ordinal}`);
}

/** UUID v5 (RFC 9562) of a name in Cairn's namespace. */
export function uuidV5(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A short text that two different texts do not share in practice: 132 bits of SHA-256, base64url, 22 characters. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);
