import type { IncomingHttpHeaders } from 'node:http';
import { isIdentifier, type TenantId } from '@cairn/event-sourcing';
import { badInput } from './graphql/errors.js';

/** For whom a request is answered. */
export interface Identity {
  readonly tenant: TenantId;
  readonly actor: string;
  readonly roles: readonly string[];
}

/**
 * Reads who is asking. Headers are believed as they are: this is the one place that a verified token replaces.
 * @throws a typed error (BAD_USER_INPUT) when a header holds no identifier
 */
export function identify(headers: IncomingHttpHeaders, defaultTenant: TenantId): Identity {
  return {
    tenant: identifier(headers['cairn-tenant'], 'cairn-tenant') ?? defaultTenant,
    actor: identifier(headers['cairn-actor'], 'cairn-actor') ?? 'anonymous',
    roles: ['trial_manager'],
  };
}

function identifier(header: string | string[] | undefined, name: string): string | undefined {
  if (header === undefined || header === '') return undefined;
  // Node reads header bytes as Latin-1; names outside of it come as UTF-8.
  const text = Buffer.from(String(header), 'latin1').toString('utf8');
  if (!isIdentifier(text)) throw badInput(`the header ${name} is not an identifier`);
  return text;
}
