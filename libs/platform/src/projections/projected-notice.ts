import type { Position, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { FanOut } from '../fan-out/fan-out.js';

/** Said on commit of read-model rows. */
export interface ProjectedNotice {
  readonly tenant: TenantId;
  /** Scopes whose documents may have changed, perhaps none; 'all' when they are too many to say, or not known. */
  readonly scopes: readonly string[] | 'all';
  /** The smallest position of the worker's projections in the tenant's log; undefined when it is not known. */
  readonly position: Position | undefined;
}

/** PostgreSQL takes payloads below 8000 bytes. */
const PAYLOAD_MAX_BYTES = 7_900;

/**
 * Adds the notice to the transaction, and lets its commit not wait for the disk: read models can be made again.
 * @returns to be called after the commit
 */
export async function notifyProjected(
  client: pg.ClientBase,
  fanOut: FanOut,
  notice: ProjectedNotice,
): Promise<() => void> {
  await client.query('set local synchronous_commit = off');
  return fanOut.announceOnCommit(client, 'projected', encodeNotice(notice));
}

export function encodeNotice({ tenant, scopes, position }: ProjectedNotice): string {
  const at = position?.toString();
  const whole = JSON.stringify({ tenant, scopes, position: at });
  return Buffer.byteLength(whole) <= PAYLOAD_MAX_BYTES
    ? whole
    : JSON.stringify({ tenant, scopes: 'all', position: at });
}

/** @returns undefined for what is no notice: anybody with a connection can write to the channel */
export function decodeNotice(payload: string | undefined): ProjectedNotice | undefined {
  try {
    const said = JSON.parse(payload ?? '') as { tenant: unknown; scopes: unknown; position?: string };
    const scopes = said.scopes;
    if (typeof said.tenant !== 'string' || (scopes !== 'all' && !Array.isArray(scopes))) return undefined;
    return {
      tenant: said.tenant,
      scopes: scopes as readonly string[] | 'all',
      position: said.position === undefined ? undefined : BigInt(said.position),
    };
  } catch {
    return undefined;
  }
}
