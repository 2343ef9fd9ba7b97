-- Which processes live, and which of them works on which tenant. Time is the database's own: whatever the clock of a machine
-- says, a lease ends for everybody at the same moment.
set local role cairn_owner;

-- Processes that have told lately that they live. Holds nothing of a tenant.
create table cairn.instance (
  id uuid primary key,
  service text collate "C" not null,
  version text collate "C" not null,
  -- Which process of which machine, for those beside it, who see whether it is gone.
  process text collate "C" not null,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null,
  expires_at timestamptz not null
) with (fillfactor = 50);

-- Who works for a service on a tenant; the tenant '' stands for what there is once in an installation. A row stays for ever,
-- because its token must never be given twice.
create table cairn.lease (
  tenant text collate "C" not null,
  service text collate "C" not null,
  -- Null: given back.
  holder uuid,
  token bigint not null,
  expires_at timestamptz not null,
  primary key (tenant, service)
) with (fillfactor = 50);
alter table cairn.lease enable row level security, force row level security;
create policy own_tenant on cairn.lease using (tenant = current_setting('cairn.tenant', true));
-- The functions below act as the owner and reach over all tenants; no connection acts as the owner.
create policy leasing on cairn.lease to cairn_owner using (true);
alter table cairn.lease alter column tenant set statistics 0;
alter table cairn.lease alter column holder set statistics 0;
create trigger lasting before delete or truncate on cairn.lease
  for each statement execute function cairn.refuse_change();
alter table cairn.lease enable always trigger lasting;

/* The database's clock, in milliseconds since 1970 with fractions. */
create function cairn.clock() returns double precision
language sql volatile
set search_path = pg_catalog, pg_temp
as $$ select extract(epoch from clock_timestamp())::double precision * 1000 $$;

/*
 Says that a process lives, for so many milliseconds. Processes that have been silent for an hour are forgotten.
 Returns the time, and those of the service that live.
*/
create function cairn.beat(
  own uuid, of_service text, running_version text, own_process text, ttl int, out clock double precision, out live jsonb
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into cairn.instance as known (id, service, version, process, seen_at, expires_at)
    values (own, of_service, running_version, own_process, clock_timestamp(), clock_timestamp() + ttl * interval '1 ms')
    on conflict (id) do update set seen_at = excluded.seen_at, expires_at = excluded.expires_at
      where known.service = of_service;
  delete from cairn.instance where expires_at < clock_timestamp() - interval '1 hour';
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'process', process) order by id), '[]') into live
    from cairn.instance where service = of_service and expires_at > clock_timestamp();
  clock := cairn.clock();
end
$$;

/*
 Renews what an instance holds. Whoever holds a lease for longer than the renewal takes may be within a transaction under
 it, which locks the row's key only: so neither waits for the other.
 Returns, beside what `cairn.beat` does, which of the leases are still its own, which ones anybody may take, and after how
 many milliseconds the next one may run out that another instance holds (null: none).
*/
create function cairn.renew_leases(
  own uuid, of_service text, running_version text, own_process text, ttl int, of_installation boolean,
  held text[], tokens bigint[],
  out clock double precision, out live jsonb, out kept text[], out free text[], out next_free double precision
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with renewed as (
    update cairn.lease l set expires_at = clock_timestamp() + ttl * interval '1 ms'
      from unnest(held, tokens) as mine (tenant, token)
      where l.tenant = mine.tenant and l.service = of_service and l.token = mine.token and l.holder = own
      returning l.tenant
  )
  select coalesce(array_agg(tenant), '{}') into kept from renewed;
  select beat.clock, beat.live into clock, live
    from cairn.beat(own, of_service, running_version, own_process, ttl) beat;
  select
    coalesce(array_agg(place.tenant) filter (where l.holder is null or l.expires_at <= clock_timestamp()), '{}'),
    extract(epoch from min(l.expires_at) filter (where l.holder <> own and l.expires_at > clock_timestamp()) - clock_timestamp())
      * 1000
    into free, next_free
    from (
      select '' as tenant where of_installation
      union all
      select log.tenant from cairn.log where head > 0 and not of_installation
    ) place
    left join cairn.lease l on l.tenant = place.tenant and l.service = of_service;
end
$$;

/*
 Takes leases that are free, each with a new token. One whose former holder is in the middle of a transaction under it is
 left for the next time: nothing waits here.
*/
create function cairn.take_leases(own uuid, of_service text, wanted text[], ttl int)
returns table (tenant text, token bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into cairn.lease (tenant, service, holder, token, expires_at)
    select place, of_service, null, 0, '-infinity' from unnest(wanted) place
    where not exists (select from cairn.lease l where l.tenant = place and l.service = of_service)
    on conflict do nothing;
  return query
    with open as (
      select l.tenant from cairn.lease l
      where l.tenant = any (wanted) and l.service = of_service
        and (l.holder is null or l.expires_at <= clock_timestamp())
      order by l.tenant for update skip locked
    )
    update cairn.lease l
      set holder = own, token = l.token + 1, expires_at = clock_timestamp() + ttl * interval '1 ms'
      from open where l.tenant = open.tenant and l.service = of_service
      returning l.tenant, l.token;
end
$$;

/* Gives leases back: they are free at once. */
create function cairn.release_leases(own uuid, of_service text, held text[], tokens bigint[]) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  update cairn.lease l set holder = null, expires_at = '-infinity'
    from unnest(held, tokens) as mine (tenant, token)
    where l.tenant = mine.tenant and l.service = of_service and l.token = mine.token and l.holder = own
$$;

/* An instance has ended, or somebody beside it saw that its process is gone: what it held is free at once. */
create function cairn.end_instance(ended uuid) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  update cairn.lease set holder = null, expires_at = '-infinity' where holder = ended;
  delete from cairn.instance where id = ended;
$$;

/*
 Keeps a lease from being taken until the caller's transaction ends. Returns false when it was taken already. A transaction
 that its process leaves lying, because it was stopped, is ended by the server, so that it holds nobody up for longer.
*/
create function cairn.guard_lease(for_tenant text, of_service text, by_token bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('idle_in_transaction_session_timeout', '5s', true);
  -- Of the key only: a renewal, which leaves the key as it is, goes on beside it.
  perform from cairn.lease
    where tenant = for_tenant and service = of_service and token = by_token for key share;
  return found;
end
$$;

/* `cairn.append` under a lease. With a token that is not the lease's any more it raises CA001 and stores nothing. */
create function cairn.append_fenced(
  fence_service text, fence_token bigint,
  for_tenant text,
  commands int[], ordinals int[], expectations int[], ids uuid[], command_ids uuid[], schema_versions int[],
  occurred bigint[], streams text, types text, actors text, correlation_ids text, causation_ids text,
  metadata text, payloads text,
  out before_first bigint, out recorded bigint, out outcomes text
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from cairn.lease
    where tenant = for_tenant and service = fence_service and token = fence_token for key share;
  if not found then
    raise exception 'the lease % of this tenant has another token than %', fence_service, fence_token using errcode = 'CA001';
  end if;
  select stored.before_first, stored.recorded, stored.outcomes into before_first, recorded, outcomes
    from cairn.append(
      for_tenant, commands, ordinals, expectations, ids, command_ids, schema_versions, occurred, streams, types, actors,
      correlation_ids, causation_ids, metadata, payloads
    ) stored;
end
$$;

revoke all on function
  cairn.clock(),
  cairn.beat(uuid, text, text, text, int),
  cairn.renew_leases(uuid, text, text, text, int, boolean, text[], bigint[]),
  cairn.take_leases(uuid, text, text[], int),
  cairn.release_leases(uuid, text, text[], bigint[]),
  cairn.end_instance(uuid),
  cairn.guard_lease(text, text, bigint),
  cairn.append_fenced(
    text, bigint, text, int[], int[], int[], uuid[], uuid[], int[], bigint[], text, text, text, text, text, text, text
  )
from public;
-- Which tenants there are is told by the leases as well: to nobody who may not call cairn.tenants().
grant execute on function
  cairn.renew_leases(uuid, text, text, text, int, boolean, text[], bigint[]),
  cairn.take_leases(uuid, text, text[], int),
  cairn.release_leases(uuid, text, text[], bigint[]),
  cairn.end_instance(uuid),
  cairn.guard_lease(text, text, bigint),
  cairn.append_fenced(
    text, bigint, text, int[], int[], int[], uuid[], uuid[], int[], bigint[], text, text, text, text, text, text, text
  )
to cairn_projector, cairn_alerter;
grant execute on function cairn.beat(uuid, text, text, text, int) to cairn_projector, cairn_alerter, cairn_service;
grant select on cairn.instance to cairn_projector, cairn_alerter, cairn_service;
grant select on cairn.lease to cairn_projector, cairn_alerter;

reset role;
