-- What is on its way to webhooks. Nothing here is the only copy of anything: messages are made of the log, and what is lost
-- here is made again from a position of it, under the same ids.
set local role cairn_alerter;

-- How far the relay is with each subscription that is not closed.
create table alerting.subscriber (
  tenant text collate "C" not null,
  trial text collate "C" not null,
  subscription text collate "C" not null,
  -- Of every alert that it asked for up to there a delivery was made. One that is paused or cannot be reached stays behind
  -- by itself: what it has not been sent waits in the log.
  position bigint not null check (position >= 0),
  -- Position of the last request for a replay that was followed.
  replayed bigint not null default 0,
  -- The last time at which a digest was due and, if there was anything to tell, made.
  digested_until timestamptz,
  -- It has so many dead letters that nothing more is sent until somebody has looked at them.
  stalled boolean not null default false,
  primary key (tenant, trial, subscription)
) with (fillfactor = 50);

create table alerting.delivery (
  tenant text collate "C" not null,
  trial text collate "C" not null,
  subscription text collate "C" not null,
  -- The id of the alert, or of the digest: the same at every attempt.
  message uuid not null,
  -- Of what it tells of; the last of it, of a digest.
  position bigint not null,
  -- Messages of one lane are sent one after another. It is the site; digests have one of their own.
  lane text collate "C" not null,
  kind text collate "C" not null check (kind in ('alert', 'digest')),
  -- Who may learn of it: looked at again before it is sent.
  audience text collate "C" not null check (audience in ('open', 'delivery')),
  -- `collected` is for the next digest.
  state text collate "C" not null check (state in ('waiting', 'collected', 'delivered', 'dead')),
  body text collate "C" not null,
  -- Attempts that failed since it began to wait, and the last attempts of all.
  failed int not null default 0 check (failed >= 0),
  attempts jsonb not null default '[]',
  next_at timestamptz not null,
  -- By quiet hours: others of its lane may go before it.
  held_until timestamptz,
  -- Whoever sends it, and until when nobody else does.
  claim uuid,
  claimed_until timestamptz,
  finished_at timestamptz,
  primary key (tenant, trial, subscription, message),
  check ((claim is null) = (claimed_until is null)),
  check ((finished_at is not null) = (state in ('delivered', 'dead')))
) with (fillfactor = 70);
create index delivery_lane on alerting.delivery (tenant, trial, subscription, lane, position) where state = 'waiting';
create index delivery_collected on alerting.delivery (tenant, trial, subscription, position) where state = 'collected';

alter table alerting.subscriber enable row level security, force row level security;
alter table alerting.delivery enable row level security, force row level security;
create policy own_tenant on alerting.subscriber using (tenant = current_setting('cairn.tenant', true));
create policy own_tenant on alerting.delivery using (tenant = current_setting('cairn.tenant', true));

-- As of all tables: estimates would tell what other tenants have.
alter table alerting.subscriber
  alter column tenant set statistics 0,
  alter column trial set statistics 0,
  alter column subscription set statistics 0;
alter table alerting.delivery
  alter column tenant set statistics 0,
  alter column trial set statistics 0,
  alter column subscription set statistics 0,
  alter column message set statistics 0,
  alter column lane set statistics 0,
  alter column body set statistics 0,
  alter column attempts set statistics 0;

grant select on alerting.subscriber, alerting.delivery to cairn_service;

/*
 What somebody decides about dead letters of a subscription: they are tried again, or forgotten. `wanted` null: all of them.
 Either way there is room again, so what stood still goes on.
*/
create function alerting.settle_dead_letters(
  for_tenant text, for_trial text, for_subscription text, wanted uuid[], again boolean
) returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  own_tenant text;
  settled int;
begin
  own_tenant := set_config('cairn.tenant', for_tenant, true);
  if again then
    update alerting.delivery
      set state = 'waiting', failed = 0, next_at = 'epoch', held_until = null, finished_at = null
      where tenant = for_tenant and trial = for_trial and subscription = for_subscription and state = 'dead'
        and (wanted is null or message = any (wanted));
  else
    delete from alerting.delivery
      where tenant = for_tenant and trial = for_trial and subscription = for_subscription and state = 'dead'
        and (wanted is null or message = any (wanted));
  end if;
  get diagnostics settled = row_count;
  if settled > 0 then
    update alerting.subscriber set stalled = false
      where tenant = for_tenant and trial = for_trial and subscription = for_subscription and stalled;
  end if;
  return settled;
end
$$;
grant execute on function alerting.settle_dead_letters(text, text, text, uuid[], boolean) to cairn_service;

reset role;
