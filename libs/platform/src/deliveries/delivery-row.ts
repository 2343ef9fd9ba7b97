import type { Attempt, Delivery } from './delivery.js';

/** Columns of a delivery as `readDelivery` takes them. */
export const DELIVERY_COLUMNS = `message, position, lane, kind, audience, state, attempts,
  date_part('epoch', greatest(next_at, held_until)) * 1000 as next_at, date_part('epoch', finished_at) * 1000 as finished_at`;

export interface DeliveryRow {
  readonly message: string;
  readonly position: string;
  readonly lane: string;
  readonly kind: Delivery['kind'];
  readonly audience: Delivery['audience'];
  readonly state: Delivery['state'];
  readonly attempts: readonly Attempt[];
  readonly next_at: number;
  readonly finished_at: number | null;
}

export const readDelivery = ({ next_at, finished_at, position, ...row }: DeliveryRow): Delivery => ({
  ...row,
  position: BigInt(position),
  nextAt: row.state === 'waiting' ? Math.round(next_at) : undefined,
  finishedAt: finished_at === null ? undefined : Math.round(finished_at),
});
