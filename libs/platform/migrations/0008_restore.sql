-- Events with the times, ids and actors that they had elsewhere are not the everyday work of any service. Whoever brings an
-- exported log back connects as a role that can do this and nothing else.
do $$
declare
  able constant text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
  if not exists (select from pg_roles where rolname = 'cairn_restorer') then
    begin
      create role cairn_restorer nologin noinherit;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, 'cairn_restorer', able) then
    begin
      grant cairn_restorer to current_user;
    -- Who migrates need not be who restores.
    exception when insufficient_privilege then null;
    end;
  end if;
end
$$;

set local role cairn_owner;
grant usage on schema cairn to cairn_restorer;

/*
 Appends a page of events exactly as they were recorded elsewhere to a log that holds nothing, or nothing but what this very
 transaction has brought. So a log is restored whole or not at all, and no log that is in use can be written to.

 Columns are as in `cairn.append`; `recorded` is in milliseconds since 1970.
 @returns the new head; null when the log holds something else
*/
create function cairn.restore(
  for_tenant text, after_position bigint,
  revisions int[], ids uuid[], command_ids uuid[], schema_versions int[], occurred bigint[], recorded bigint[],
  streams text, types text, actors text, correlation_ids text, causation_ids text, metadata text, payloads text
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  separator constant text := E'\x1e';
  event_count constant int := cardinality(ids);
  stream_names constant text[] := string_to_array(streams, separator);
  first_recorded constant timestamptz := timestamptz 'epoch' + recorded[1] * interval '1 millisecond';
  last_recorded constant timestamptz := timestamptz 'epoch' + recorded[event_count] * interval '1 millisecond';
  new_head bigint;
begin
  perform set_config('cairn.tenant', for_tenant, true);
  insert into cairn.log (tenant) values (for_tenant) on conflict do nothing;
  update cairn.log
    set head = head + event_count, last_recorded_at = last_recorded
    where tenant = for_tenant and head = after_position
      and (head = 0 or (xmin = pg_current_xact_id()::xid and last_recorded_at <= first_recorded))
    returning head into new_head;
  if not found then return null; end if;

  if last_recorded > clock_timestamp() or exists (
    select from (
      select at, lag(at) over (order by place) as before from unnest(recorded) with ordinality as given (at, place)
    ) pair where at < before
  ) then
    raise exception 'times of record fall, or are still to come' using errcode = 'check_violation';
  end if;
  if exists (
    select from (
      select stream, revision - row_number() over (partition by stream order by place) as before
      from unnest(stream_names, revisions) with ordinality as given (stream, revision, place)
    ) numbered
    group by stream
    having min(before) <> max(before) or min(before) <> coalesce(cairn.last_revision(for_tenant, stream), -1)
  ) then
    raise exception 'revisions of a stream have a gap' using errcode = 'check_violation';
  end if;

  insert into cairn.event (
    position, occurred_at, recorded_at, id, command_id, revision, schema_version,
    tenant, stream, type, actor, correlation_id, causation_id, metadata, payload
  )
  select
    after_position + given.place,
    timestamptz 'epoch' + given.occurred_at * interval '1 millisecond',
    timestamptz 'epoch' + given.recorded_at * interval '1 millisecond',
    given.id,
    given.command_id,
    given.revision,
    given.schema_version,
    for_tenant,
    given.stream,
    given.type,
    given.actor,
    nullif(given.correlation_id, ''),
    nullif(given.causation_id, ''),
    nullif(given.about, ''),
    given.payload
  from unnest(
    revisions, ids, command_ids, schema_versions, occurred, recorded, stream_names,
    string_to_array(types, separator), string_to_array(actors, separator),
    string_to_array(correlation_ids, separator), string_to_array(causation_ids, separator),
    string_to_array(restore.metadata, separator), string_to_array(payloads, separator)
  ) with ordinality as given (
    revision, id, command_id, schema_version, occurred_at, recorded_at, stream,
    type, actor, correlation_id, causation_id, about, payload, place
  );
  return new_head;
end
$$;

grant execute on function
  cairn.restore(text, bigint, int[], uuid[], uuid[], int[], bigint[], bigint[], text, text, text, text, text, text, text)
to cairn_restorer;

reset role;
