/**
 * Values: tenant, now, then of the subscriptions that may be sent something trials, names and how many each; how many
 * altogether, the claim, until when it holds. Times are milliseconds.
 *
 * From lane to lane the index is hopped through, and of each lane only the first message that is not held back is looked at,
 * so that a recipient who is away costs the same however much waits for it. A row that was claimed or sent by another relay
 * since this statement began is looked at once more when it is locked, and left out.
 */
export const CLAIM = `
  with recursive lane as (
    (
      select trial, subscription, lane from alerting.delivery
      where tenant = $1 and state = 'waiting' order by trial, subscription, lane limit 1
    )
    union all
    select next.* from lane cross join lateral (
      select d.trial, d.subscription, d.lane from alerting.delivery d
      where d.tenant = $1 and d.state = 'waiting'
        and (d.trial, d.subscription, d.lane) > (lane.trial, lane.subscription, lane.lane)
      order by d.trial, d.subscription, d.lane limit 1
    ) next
  ), head as (
    select first.* from lane cross join lateral (
      select d.trial, d.subscription, d.message, d.position, d.next_at, d.claimed_until from alerting.delivery d
      where d.tenant = $1 and d.state = 'waiting'
        and d.trial = lane.trial and d.subscription = lane.subscription and d.lane = lane.lane
        and (d.held_until is null or d.held_until <= to_timestamp($2::double precision / 1000))
      order by d.position limit 1
    ) first
    where first.next_at <= to_timestamp($2::double precision / 1000)
      and (first.claimed_until is null or first.claimed_until <= to_timestamp($2::double precision / 1000))
  ), ranked as (
    select head.*, given.room, row_number() over (partition by trial, subscription order by head.position) as place
    from head join unnest($3::text[], $4::text[], $5::int[]) as given (trial, subscription, room)
      using (trial, subscription)
  ), chosen as (
    select trial, subscription, message from ranked where place <= room order by next_at, position limit $6
  ), locked as (
    select d.trial, d.subscription, d.message from alerting.delivery d
    join chosen on d.trial = chosen.trial and d.subscription = chosen.subscription and d.message = chosen.message
    where d.tenant = $1 and d.state = 'waiting'
      and (d.claimed_until is null or d.claimed_until <= to_timestamp($2::double precision / 1000))
    for update of d skip locked
  )
  update alerting.delivery d set claim = $7, claimed_until = to_timestamp($8::double precision / 1000)
  from locked
  where d.tenant = $1 and d.trial = locked.trial and d.subscription = locked.subscription and d.message = locked.message
  returning d.trial, d.subscription, d.message, d.position, d.lane, d.kind, d.audience, d.body, d.failed`;
