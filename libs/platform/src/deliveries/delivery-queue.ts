import type { Instant, Position, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Lease } from '../leases/lease.js';
import type { Database } from '../postgres/database.js';
import { CLAIM } from './claim-statement.js';
import type { Attempt, ClaimedDelivery, Message, Subscriber, SubscriberKey } from './delivery.js';

/** Attempts that are kept of a message, the last ones. */
const KEPT_ATTEMPTS = 20;

/** How many of a subscription's messages may be begun now. */
export interface Room extends SubscriberKey {
  readonly room: number;
}

/** What an attempt leads to. */
export type AfterAttempt =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly at: Instant; readonly failed: number }
  /** @property most dead letters of a subscription; as many of them stall it */
  | { readonly kind: 'dead'; readonly most: number };

/**
 * Messages on their way, per tenant. As the role `cairn_alerter`. Any number of relays may work on it: a subscription is
 * advanced by whoever saw it last, and a message is sent by whoever has claimed it.
 */
export class DeliveryQueue {
  /** @param lease under which everything is written; without one this relay is the only one */
  constructor(
    private readonly database: Database,
    private readonly lease?: Pick<Lease, 'guard'>,
  ) {}

  /** The same, where nothing is written any more when the lease has changed hands: calls then throw `LeaseLost`. */
  under(lease: Pick<Lease, 'guard'>): DeliveryQueue {
    return new DeliveryQueue(this.database, lease);
  }

  /** Takes back every claim: whoever made them does not hold the tenant's lease any more, and can write nothing. */
  async unclaim(tenant: TenantId): Promise<void> {
    await this.write(
      tenant,
      `update alerting.delivery set claim = null, claimed_until = null
       where tenant = $1 and state = 'waiting' and claim is not null`,
      [],
    );
  }

  /** All of a tenant. */
  async subscribers(tenant: TenantId): Promise<readonly Subscriber[]> {
    const rows = await this.run<SubscriberRow>(
      tenant,
      `select trial, subscription, position, replayed, date_part('epoch', digested_until) * 1000 as digested, stalled
       from alerting.subscriber where tenant = $1 order by trial, subscription`,
      [],
    );
    return rows.map(({ trial, subscription, position, replayed, digested, stalled }) => ({
      ...{ trial, subscription, stalled },
      position: BigInt(position),
      replayed: BigInt(replayed),
      digestedUntil: digested === null ? undefined : Math.round(digested),
    }));
  }

  /** Begins with a subscription after a position; one that was begun with stays where it is. */
  async begin(tenant: TenantId, { trial, subscription }: SubscriberKey, position: Position): Promise<void> {
    await this.write(
      tenant,
      `insert into alerting.subscriber (tenant, trial, subscription, position) values ($1, $2, $3, $4)
       on conflict do nothing`,
      [trial, subscription, position],
    );
  }

  /** Forgets a subscription that is closed, and what waited for it. */
  async end(tenant: TenantId, { trial, subscription }: SubscriberKey): Promise<void> {
    await this.inTenant(tenant, async (client) => {
      const values = [tenant, trial, subscription];
      await client.query(
        `delete from alerting.delivery
         where tenant = $1 and trial = $2 and subscription = $3 and state in ('waiting', 'collected')`,
        values,
      );
      await client.query(
        'delete from alerting.subscriber where tenant = $1 and trial = $2 and subscription = $3',
        values,
      );
    });
  }

  /** Goes back to a position, once for each request. */
  async rewind(
    tenant: TenantId,
    { trial, subscription }: SubscriberKey,
    { after, requestedAt }: { readonly after: Position; readonly requestedAt: Position },
  ): Promise<void> {
    await this.write(
      tenant,
      `update alerting.subscriber set position = least(position, $4), replayed = $5
       where tenant = $1 and trial = $2 and subscription = $3 and replayed < $5`,
      [trial, subscription, after, requestedAt],
    );
  }

  /** How many messages of each subscription wait, or are collected; those of which none do are not there. */
  async backlogs(tenant: TenantId): Promise<readonly (SubscriberKey & { readonly waiting: number })[]> {
    return this.run<SubscriberKey & { waiting: number }>(
      tenant,
      `select trial, subscription, count(*)::int as waiting from (
         select trial, subscription from alerting.delivery where tenant = $1 and state = 'waiting'
         union all
         select trial, subscription from alerting.delivery where tenant = $1 and state = 'collected'
       ) open group by trial, subscription`,
      [],
    );
  }

  /**
   * Queues messages for a subscription and moves it on, both or neither. A message that was sent before is sent again, one
   * that waits already waits on.
   * @returns false when another relay was faster: nothing is queued
   */
  async advance(
    tenant: TenantId,
    { trial, subscription, position }: Pick<Subscriber, 'trial' | 'subscription' | 'position'>,
    to: Position,
    messages: readonly Message[],
    { state, now }: { readonly state: 'waiting' | 'collected'; readonly now: Instant },
  ): Promise<boolean> {
    return this.inTenant(tenant, async (client) => {
      const moved = await client.query(
        `update alerting.subscriber set position = $5
         where tenant = $1 and trial = $2 and subscription = $3 and position = $4`,
        [tenant, trial, subscription, position, to],
      );
      if (moved.rowCount === 0) return false;
      await queue(client, tenant, { trial, subscription }, messages, { state, now });
      return true;
    });
  }

  /** What was collected for a digest, the earliest first. */
  async collected(tenant: TenantId, { trial, subscription }: SubscriberKey): Promise<readonly Message[]> {
    const rows = await this.run<Unread<Message>>(
      tenant,
      `select message, position, lane, kind, audience, body from alerting.delivery
       where tenant = $1 and trial = $2 and subscription = $3 and state = 'collected' order by position`,
      [trial, subscription],
    );
    return rows.map((row) => ({ ...row, position: BigInt(row.position) }));
  }

  /**
   * Puts digests in the place of what was collected up to a position, for a time at which one was due.
   * @returns false when another relay was faster
   */
  async digest(
    tenant: TenantId,
    { trial, subscription, digestedUntil }: Pick<Subscriber, 'trial' | 'subscription' | 'digestedUntil'>,
    due: Instant,
    { digests, upTo }: { readonly digests: readonly Message[]; readonly upTo: Position },
    now: Instant,
  ): Promise<boolean> {
    return this.inTenant(tenant, async (client) => {
      const moved = await client.query(
        `update alerting.subscriber set digested_until = ${instant('$5')}
         where tenant = $1 and trial = $2 and subscription = $3 and digested_until is not distinct from ${instant('$4')}`,
        [tenant, trial, subscription, digestedUntil ?? null, due],
      );
      if (moved.rowCount === 0) return false;
      await client.query(
        `delete from alerting.delivery
         where tenant = $1 and trial = $2 and subscription = $3 and state = 'collected' and position <= $4`,
        [tenant, trial, subscription, upTo],
      );
      await queue(client, tenant, { trial, subscription }, digests, { state: 'waiting', now });
      return true;
    });
  }

  /** Sends what was collected one by one after all: the subscription wants no digests any more. */
  async scatter(tenant: TenantId, { trial, subscription }: SubscriberKey): Promise<void> {
    await this.inTenant(tenant, async (client) => {
      const values = [tenant, trial, subscription];
      await client.query(
        `update alerting.delivery set state = 'waiting'
         where tenant = $1 and trial = $2 and subscription = $3 and state = 'collected'`,
        values,
      );
      await client.query(
        `update alerting.subscriber set digested_until = null
         where tenant = $1 and trial = $2 and subscription = $3 and digested_until is not null`,
        values,
      );
    });
  }

  /** What is held back by quiet hours is looked at anew: they have changed. */
  async unhold(tenant: TenantId, { trial, subscription }: SubscriberKey): Promise<void> {
    await this.write(
      tenant,
      `update alerting.delivery set held_until = null
       where tenant = $1 and trial = $2 and subscription = $3 and state = 'waiting' and held_until is not null`,
      [trial, subscription],
    );
  }

  /**
   * Claims messages that are due: of each lane the first that waits, and no other before it is delivered or dead. What
   * another relay has claimed is not waited for.
   * @param until when the claim runs out
   */
  async claim(
    tenant: TenantId,
    rooms: readonly Room[],
    limit: number,
    { claim, now, until }: { readonly claim: string; readonly now: Instant; readonly until: Instant },
  ): Promise<readonly ClaimedDelivery[]> {
    if (rooms.length === 0 || limit <= 0) return [];
    const rows = await this.write<Unread<Omit<ClaimedDelivery, 'claim'>>>(tenant, CLAIM, [
      now,
      rooms.map(({ trial }) => trial),
      rooms.map(({ subscription }) => subscription),
      rooms.map(({ room }) => room),
      limit,
      claim,
      until,
    ]);
    return rows.map((row) => ({ ...row, position: BigInt(row.position), claim }));
  }

  /** Writes down an attempt and what it leads to; nothing when the claim has been lost to another relay by then. */
  async attempted(tenant: TenantId, delivery: ClaimedDelivery, attempt: Attempt, after: AfterAttempt): Promise<void> {
    const { trial, subscription, message, claim } = delivery;
    const { state, failed, nextAt } =
      after.kind === 'again'
        ? { state: 'waiting', failed: after.failed, nextAt: after.at }
        : { state: after.kind, failed: delivery.failed + (after.kind === 'dead' ? 1 : 0), nextAt: attempt.at };
    await this.inTenant(tenant, async (client) => {
      const written = await client.query(
        `update alerting.delivery set state = $6, failed = $7, next_at = ${instant('$8')},
           attempts = case when jsonb_array_length(attempts) >= ${KEPT_ATTEMPTS} then attempts - 0 else attempts end || $9::jsonb,
           finished_at = case when $6 = 'waiting' then null else ${instant('$10')} end,
           claim = null, claimed_until = null
         where tenant = $1 and trial = $2 and subscription = $3 and message = $4 and claim = $5 and state = 'waiting'`,
        [tenant, trial, subscription, message, claim, state, failed, nextAt, JSON.stringify(attempt), attempt.at],
      );
      if (written.rowCount === 0 || after.kind !== 'dead') return;
      await client.query(
        `update alerting.subscriber set stalled = true
         where tenant = $1 and trial = $2 and subscription = $3 and $4 <= (
           select count(*) from alerting.delivery
           where tenant = $1 and trial = $2 and subscription = $3 and state = 'dead')`,
        [tenant, trial, subscription, after.most],
      );
    });
  }

  /** Gives a claim back as if there had been none. @param heldUntil the end of the quiet hours that it waits for */
  async release(tenant: TenantId, delivery: ClaimedDelivery, heldUntil?: Instant): Promise<void> {
    const { trial, subscription, message, claim } = delivery;
    await this.write(
      tenant,
      `update alerting.delivery
       set claim = null, claimed_until = null, held_until = coalesce(${instant('$6')}, held_until)
       where tenant = $1 and trial = $2 and subscription = $3 and message = $4 and claim = $5`,
      [trial, subscription, message, claim, heldUntil ?? null],
    );
  }

  /** Forgets a message that the subscription does not ask for any more. */
  async drop(tenant: TenantId, { trial, subscription, message, claim }: ClaimedDelivery): Promise<void> {
    await this.write(
      tenant,
      `delete from alerting.delivery
       where tenant = $1 and trial = $2 and subscription = $3 and message = $4 and claim = $5`,
      [trial, subscription, message, claim],
    );
  }

  /** Forgets the log of a subscription's deliveries but for the last ones. */
  async prune(tenant: TenantId, { trial, subscription }: SubscriberKey, keep: number): Promise<void> {
    await this.write(
      tenant,
      `delete from alerting.delivery d using (
         select message from alerting.delivery
         where tenant = $1 and trial = $2 and subscription = $3 and state = 'delivered'
         order by finished_at desc, position desc offset $4
       ) old
       where d.tenant = $1 and d.trial = $2 and d.subscription = $3 and d.message = old.message and d.state = 'delivered'`,
      [trial, subscription, keep],
    );
  }

  private async run<Row extends object>(
    tenant: TenantId,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const { rows } = await this.database.inTenant(tenant, (client) => client.query<Row>(text, [tenant, ...values]));
    return rows;
  }

  private async write<Row extends object>(
    tenant: TenantId,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const { rows } = await this.inTenant(tenant, (client) => client.query<Row>(text, [tenant, ...values]));
    return rows;
  }

  private inTenant<Result>(tenant: TenantId, work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    return this.database.inTenant(tenant, work, this.lease);
  }
}

interface SubscriberRow extends SubscriberKey {
  readonly position: string;
  readonly replayed: string;
  readonly digested: number | null;
  readonly stalled: boolean;
}

/** As the driver gives it: what has 64 bits is text. */
type Unread<Row extends { readonly position: Position }> = Omit<Row, 'position'> & { readonly position: string };

async function queue(
  client: pg.ClientBase,
  tenant: TenantId,
  { trial, subscription }: SubscriberKey,
  messages: readonly Message[],
  { state, now }: { readonly state: 'waiting' | 'collected'; readonly now: Instant },
): Promise<void> {
  if (messages.length === 0) return;
  await client.query(
    `insert into alerting.delivery as kept
       (tenant, trial, subscription, message, position, lane, kind, audience, body, state, next_at)
     select $1, $2, $3, given.*, $4, ${instant('$5')}
     from unnest($6::uuid[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[]) given
     on conflict (tenant, trial, subscription, message) do update
       set state = excluded.state, body = excluded.body, failed = 0, next_at = excluded.next_at, held_until = null,
         finished_at = null
       where kept.state in ('delivered', 'dead')`,
    [
      ...[tenant, trial, subscription, state, now],
      messages.map(({ message }) => message),
      messages.map(({ position }) => position),
      messages.map(({ lane }) => lane),
      messages.map(({ kind }) => kind),
      messages.map(({ audience }) => audience),
      messages.map(({ body }) => body),
    ],
  );
}

/** Milliseconds as a time of the database. */
const instant = (parameter: string): string => `to_timestamp(${parameter}::double precision / 1000)`;
