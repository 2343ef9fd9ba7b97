import type { Instant, Position, TenantId } from '@cairn/event-sourcing';
import type { Database } from '../postgres/database.js';
import { readDelivery, type DeliveryRow, DELIVERY_COLUMNS } from './delivery-row.js';
import type { Delivery, SubscriberKey } from './delivery.js';

/** How a subscription does. */
export interface DeliveryStanding {
  /** Messages that wait to be sent, and alerts that wait for the next digest. */
  readonly waiting: number;
  readonly collected: number;
  readonly dead: number;
  /** Of every alert that it asked for up to there a delivery was made; undefined before the relay has seen it. */
  readonly position: Position | undefined;
  /** The last that was delivered, of those that are kept. */
  readonly deliveredAt: Instant | undefined;
  readonly stalled: boolean;
}

/** More than there can be of one subscription. */
const ALL = 10_000;

/** What whoever looks after a subscription sees of its deliveries. As the role `cairn_service`. */
export class DeliveryLog {
  constructor(private readonly database: Database) {}

  /** Deliveries of a subscription, the last recorded first; of one state, or of all. */
  async read(
    tenant: TenantId,
    { trial, subscription }: SubscriberKey,
    state?: Delivery['state'],
  ): Promise<readonly Delivery[]> {
    return this.database.inTenant(tenant, async (client) => {
      const { rows } = await client.query<DeliveryRow>(
        `select ${DELIVERY_COLUMNS} from alerting.delivery
         where tenant = $1 and trial = $2 and subscription = $3 and ($4::text is null or state = $4)
         order by position desc, message limit ${ALL}`,
        [tenant, trial, subscription, state ?? null],
      );
      return rows.map(readDelivery);
    });
  }

  async standing(tenant: TenantId, { trial, subscription }: SubscriberKey): Promise<DeliveryStanding> {
    return this.database.inTenant(tenant, async (client) => {
      const { rows } = await client.query<{
        waiting: string;
        collected: string;
        dead: string;
        position: string | null;
        delivered: string | null;
        stalled: boolean;
      }>(
        `select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'collected') as collected,
           count(*) filter (where state = 'dead') as dead, (select position from alerting.subscriber where tenant = $1 and trial = $2 and subscription = $3),
           date_part('epoch', max(finished_at) filter (where state = 'delivered')) * 1000 as delivered,
           exists (select from alerting.subscriber where tenant = $1 and trial = $2 and subscription = $3 and stalled) as stalled
         from alerting.delivery where tenant = $1 and trial = $2 and subscription = $3`,
        [tenant, trial, subscription],
      );
      const { waiting, collected, dead, position, delivered, stalled } = rows[0]!;
      return {
        waiting: Number(waiting),
        collected: Number(collected),
        dead: Number(dead),
        position: position === null ? undefined : BigInt(position),
        deliveredAt: delivered === null ? undefined : Math.round(Number(delivered)),
        stalled,
      };
    });
  }

  /**
   * Decides about dead letters: they are tried again, or forgotten.
   * @param messages undefined: all of them
   * @returns how many there were
   */
  async settle(
    tenant: TenantId,
    { trial, subscription }: SubscriberKey,
    messages: readonly string[] | undefined,
    decision: 'again' | 'forget',
  ): Promise<number> {
    const { rows } = await this.database.pool.query<{ settled: number }>(
      'select alerting.settle_dead_letters($1, $2, $3, $4, $5) as settled',
      [tenant, trial, subscription, messages ?? null, decision === 'again'],
    );
    return rows[0]!.settled;
  }
}
