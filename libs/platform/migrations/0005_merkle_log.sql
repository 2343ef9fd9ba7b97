-- The Merkle log of each tenant: what the notary has signed, and the hashes that proofs are made of. One tree has the
-- whole log (scope ''), one each the events of a trial or of what is beside the trials (their streams' first segment).
set local role cairn_owner;

-- How far the notary is, for all trees of a tenant at once. It stops where the log is no longer what was signed.
create table cairn.notary (
  tenant text collate "C" primary key,
  position bigint not null default 0,
  halted_position bigint,
  halted_reason text,
  halted_at timestamptz,
  check ((halted_reason is null) = (halted_at is null))
) with (fillfactor = 50);

create table cairn.checkpoint (
  tenant text collate "C" not null,
  scope text collate "C" not null,
  -- Leaves of the tree.
  size bigint not null check (size > 0),
  -- Last position of the log that it covers; of the tree of the whole log the same as its size.
  position bigint not null,
  signed_at timestamptz not null,
  -- A C2SP signed note: base64 does not compress, so nobody tries.
  note text collate "C" not null,
  primary key (tenant, scope, size),
  -- Which checkpoint has an event as a leaf.
  unique (tenant, scope, position)
);

-- Hashes of nodes of level 8 · level, side by side, 256 to a tile (C2SP tlog-tiles). Only the last tile of a level grows.
create table cairn.tile (
  tenant text collate "C" not null,
  scope text collate "C" not null,
  level int not null,
  index bigint not null,
  hashes bytea not null check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0),
  primary key (tenant, scope, level, index)
) with (fillfactor = 70);

alter table cairn.checkpoint alter column note set storage external;
alter table cairn.tile alter column hashes set storage external;

create trigger immutable before update or delete or truncate on cairn.checkpoint
  for each statement execute function cairn.refuse_change();
create trigger lasting before delete or truncate on cairn.notary
  for each statement execute function cairn.refuse_change();
create trigger lasting before delete or truncate on cairn.tile
  for each statement execute function cairn.refuse_change();
alter table cairn.checkpoint enable always trigger immutable;
alter table cairn.notary enable always trigger lasting;
alter table cairn.tile enable always trigger lasting;

alter table cairn.notary enable row level security, force row level security;
alter table cairn.checkpoint enable row level security, force row level security;
alter table cairn.tile enable row level security, force row level security;
create policy own_tenant on cairn.notary using (tenant = current_setting('cairn.tenant', true));
create policy own_tenant on cairn.checkpoint using (tenant = current_setting('cairn.tenant', true));
create policy own_tenant on cairn.tile using (tenant = current_setting('cairn.tenant', true));

-- As of all tables: estimates would tell what other tenants have.
alter table cairn.notary alter column tenant set statistics 0;
alter table cairn.checkpoint
  alter column tenant set statistics 0,
  alter column scope set statistics 0;
alter table cairn.tile
  alter column tenant set statistics 0,
  alter column scope set statistics 0;

/*
 Keeps what the notary has signed of the positions after `before_first` up to `last`: hashes for the tiles' ends, and the
 checkpoints. Nothing is kept, and false returned, when the notary is elsewhere by now or has been halted: of two notaries
 only one goes on.
*/
create function cairn.keep_checkpoints(
  for_tenant text, before_first bigint, last bigint,
  tile_scopes text[], tile_levels int[], tile_indexes bigint[], tile_hashes bytea[],
  scopes text[], sizes bigint[], positions bigint[], notes text[]
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  own_tenant text;
begin
  own_tenant := set_config('cairn.tenant', for_tenant, true);
  if before_first = 0 then
    insert into cairn.notary (tenant) values (for_tenant) on conflict do nothing;
  end if;
  update cairn.notary set position = last
    where tenant = for_tenant and position = before_first and halted_reason is null and last > before_first;
  if not found then
    return false;
  end if;
  insert into cairn.tile as kept (tenant, scope, level, index, hashes)
    select for_tenant, given.scope, given.level, given.index, given.hashes
    from unnest(tile_scopes, tile_levels, tile_indexes, tile_hashes) as given (scope, level, index, hashes)
    on conflict (tenant, scope, level, index) do update set hashes = kept.hashes || excluded.hashes;
  insert into cairn.checkpoint (tenant, scope, size, position, signed_at, note)
    select for_tenant, given.scope, given.size, given.position, date_trunc('milliseconds', clock_timestamp()), given.note
    from unnest(scopes, sizes, positions, notes) as given (scope, size, position, note);
  return true;
end
$$;

/* Notes that the log is not what was signed, from a position on; with null that it is again. */
create function cairn.halt_notary(for_tenant text, at_position bigint, reason text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  own_tenant text;
begin
  own_tenant := set_config('cairn.tenant', for_tenant, true);
  insert into cairn.notary (tenant) values (for_tenant) on conflict do nothing;
  update cairn.notary
    set halted_position = case when reason is null then null else at_position end,
      halted_reason = reason,
      halted_at = case when reason is null then null else clock_timestamp() end
    where tenant = for_tenant and (halted_reason is null) <> (reason is null);
end
$$;

grant select on cairn.notary, cairn.checkpoint, cairn.tile to cairn_service, cairn_projector;
grant execute on function
  cairn.keep_checkpoints(
    text, bigint, bigint, text[], int[], bigint[], bytea[], text[], bigint[], bigint[], text[]
  ),
  cairn.halt_notary(text, bigint, text)
to cairn_projector;

reset role;
