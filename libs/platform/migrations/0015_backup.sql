-- Whoever makes backups reads every tenant's log and what is kept of alerts, and can write nothing: a role of its own.
do $$
declare
  able constant text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
  if not exists (select from pg_roles where rolname = 'cairn_backup') then
    begin
      create role cairn_backup nologin noinherit;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, 'cairn_backup', able) then
    begin
      grant cairn_backup to current_user;
    -- Who migrates need not be who makes backups.
    exception when insufficient_privilege then null;
    end;
  end if;
end
$$;

set local role cairn_alerter;
grant usage on schema alerting to cairn_backup;
grant select on alerting.watch, alerting.timer, alerting.subscriber, alerting.delivery, alerting.kafka_relay to cairn_backup;

set local role cairn_owner;
grant usage on schema cairn to cairn_backup;
grant select on cairn.log, cairn.event, cairn.notary, cairn.checkpoint to cairn_backup;
grant execute on function cairn.tenants() to cairn_backup;

/*
 Brings back what a notary had signed of a log that this very transaction has restored: checkpoints with the times at which
 they were signed, and hashes for the tiles' ends. As `cairn.keep_checkpoints`; `signed` is in milliseconds since 1970.
 @returns false when the log is another's work, or the notary is elsewhere
*/
create function cairn.restore_checkpoints(
  for_tenant text, before_first bigint, last bigint,
  tile_scopes text[], tile_levels int[], tile_indexes bigint[], tile_hashes bytea[],
  scopes text[], sizes bigint[], positions bigint[], signed bigint[], notes text[]
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('cairn.tenant', for_tenant, true);
  perform from cairn.log where tenant = for_tenant and xmin = pg_current_xact_id()::xid and head >= last;
  if not found then
    return false;
  end if;
  insert into cairn.notary (tenant) values (for_tenant) on conflict do nothing;
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
    select for_tenant, given.scope, given.size, given.position,
      timestamptz 'epoch' + given.signed_at * interval '1 millisecond', given.note
    from unnest(scopes, sizes, positions, signed, notes) as given (scope, size, position, signed_at, note);
  return true;
end
$$;
grant execute on function
  cairn.restore_checkpoints(
    text, bigint, bigint, text[], int[], bigint[], bytea[], text[], bigint[], bigint[], bigint[], text[]
  )
to cairn_restorer;

reset role;
grant select on public.cairn_migration to cairn_backup;
