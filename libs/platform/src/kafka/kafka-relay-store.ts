import type { Instant, Position, TenantId } from '@cairn/event-sourcing';
import type { Lease } from '../leases/lease.js';
import type { Database } from '../postgres/database.js';
import type { PublishFault } from './alert-publisher.js';

/** Which subscription of a tenant. */
export interface RelayKey {
  readonly trial: string;
  readonly subscription: string;
}

/** How far a subscription to a topic is. */
export interface KafkaRelay extends RelayKey {
  /** Everything up to here that it asked for was acknowledged. */
  readonly position: Position;
  /** Where the last request for a replay lies that was followed; 0: none. */
  readonly replayed: Position;
  /** Why nothing gets through at present. */
  readonly failure: { readonly code: PublishFault; readonly since: Instant } | undefined;
  /** When something was acknowledged last. */
  readonly publishedAt: Instant | undefined;
}

interface Row {
  readonly trial: string;
  readonly subscription: string;
  readonly position: string;
  readonly replayed: string;
  readonly failure: PublishFault | null;
  readonly since: string | null;
  readonly published: string | null;
}

const milliseconds = (column: string): string => `date_part('epoch', ${column})::numeric * 1000`;
const COLUMNS = `trial, subscription, position, replayed, failure, ${milliseconds('failing_since')} as since,
  ${milliseconds('published_at')} as published`;
const OWN = 'tenant = $1 and trial = $2 and subscription = $3';

/** Checkpoints of the subscriptions to topics. The alerter moves them; the api reads. */
export class KafkaRelayStore {
  /** @param lease under which everything is done; without one nobody else moves them */
  constructor(
    private readonly database: Database,
    private readonly lease?: Pick<Lease, 'guard'>,
  ) {}

  /** The same, where nothing is done any more when the lease has changed hands: calls then throw `LeaseLost`. */
  under(lease: Pick<Lease, 'guard'>): KafkaRelayStore {
    return new KafkaRelayStore(this.database, lease);
  }

  /** How far the subscriptions are, of one trial or of all; one that nobody has looked at yet is not there. */
  async relays(tenant: TenantId, trial?: string): Promise<readonly KafkaRelay[]> {
    const { rows } = await this.inTenant<Row>(
      tenant,
      `select ${COLUMNS} from alerting.kafka_relay where tenant = $1 and ($2::text is null or trial = $2)
       order by trial, subscription`,
      [trial ?? null],
    );
    return rows.map(readRelay);
  }

  /** How far a subscription is; one that is not there yet begins after a position. */
  async begin(tenant: TenantId, { trial, subscription }: RelayKey, after: Position): Promise<KafkaRelay> {
    const { rows } = await this.inTenant<Row>(
      tenant,
      `with made as (
         insert into alerting.kafka_relay (tenant, trial, subscription, position) values ($1, $2, $3, $4)
         on conflict do nothing returning *
       ) select ${COLUMNS} from made union all select ${COLUMNS} from alerting.kafka_relay where ${OWN}`,
      [trial, subscription, after],
    );
    return readRelay(rows[0]!);
  }

  /** Moves the checkpoint on. @returns false when it is not where it was thought to be */
  async advance(
    tenant: TenantId,
    { trial, subscription }: RelayKey,
    { before, last, published }: { readonly before: Position; readonly last: Position; readonly published: boolean },
  ): Promise<boolean> {
    const { rowCount } = await this.inTenant(
      tenant,
      `update alerting.kafka_relay
       set position = $5, failure = null, failing_since = null,
         published_at = case when $6 then clock_timestamp() else published_at end
       where ${OWN} and position = $4`,
      [trial, subscription, before, last, published],
    );
    return rowCount === 1;
  }

  /** Moves the checkpoint back, once for each request. @param requestedAt the request's position */
  async replay(
    tenant: TenantId,
    { trial, subscription }: RelayKey,
    { after, requestedAt }: { readonly after: Position; readonly requestedAt: Position },
  ): Promise<void> {
    await this.inTenant(
      tenant,
      `update alerting.kafka_relay set position = least(position, $4), replayed = $5 where ${OWN} and replayed < $5`,
      [trial, subscription, after, requestedAt],
    );
  }

  /** Notes why nothing gets through; since when is that of the first of several failures. */
  async fail(tenant: TenantId, { trial, subscription }: RelayKey, code: PublishFault): Promise<void> {
    await this.inTenant(
      tenant,
      `update alerting.kafka_relay set failure = $4, failing_since = coalesce(failing_since, clock_timestamp()) where ${OWN}`,
      [trial, subscription, code],
    );
  }

  /** Of a subscription that is closed. */
  async remove(tenant: TenantId, { trial, subscription }: RelayKey): Promise<void> {
    await this.inTenant(tenant, `delete from alerting.kafka_relay where ${OWN}`, [trial, subscription]);
  }

  private inTenant<Found extends object>(tenant: TenantId, text: string, values: readonly unknown[]) {
    return this.database.inTenant(tenant, (client) => client.query<Found>(text, [tenant, ...values]), this.lease);
  }
}

const readRelay = ({ trial, subscription, position, replayed, failure, since, published }: Row): KafkaRelay => ({
  trial,
  subscription,
  position: BigInt(position),
  replayed: BigInt(replayed),
  failure: failure === null ? undefined : { code: failure, since: Math.round(Number(since)) },
  publishedAt: published === null ? undefined : Math.round(Number(published)),
});
