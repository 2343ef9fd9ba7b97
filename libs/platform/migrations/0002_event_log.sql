set local role cairn_owner;

-- One row per tenant. An append locks it, so that positions are given in the order in which transactions commit:
-- no gap, and nothing ever appears behind what a reader has passed.
create table cairn.log (
  tenant text collate "C" primary key,
  head bigint not null default 0,
  last_recorded_at timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- Fixed-width columns first: the row is smaller without padding between them. One check only, and no foreign key: each
-- is read and prepared anew by every append, and positions and revisions are the append's own work.
create table cairn.event (
  position bigint not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  id uuid not null,
  command_id uuid not null,
  revision int not null,
  schema_version int not null,
  tenant text collate "C" not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  actor text collate "C" not null,
  -- Null when it is the command itself, as for most commands.
  correlation_id text collate "C",
  causation_id text collate "C",
  -- A flat JSON object of texts; null when empty.
  metadata text collate "C",
  -- Text, not jsonb: the exact bytes are what is hashed. (IS JSON OBJECT would need PostgreSQL 16.)
  payload text collate "C" not null check (json_typeof(payload::json) = 'object'),
  primary key (tenant, position),
  unique (tenant, stream, revision),
  unique (tenant, id)
);

-- What grows by 10,000 events a second must not wait for a fifth of itself to change before it is looked at again.
alter table cairn.event set (
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_insert_scale_factor = 0.05
);

create function cairn.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'events are never changed or removed (% on %.%)', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege', hint = 'Record a correcting event instead.';
end
$$;

create trigger immutable before update or delete or truncate on cairn.event
  for each statement execute function cairn.refuse_change();
create trigger lasting before delete or truncate on cairn.log
  for each statement execute function cairn.refuse_change();
create trigger own before update of tenant on cairn.log
  for each statement execute function cairn.refuse_change();
-- Also in sessions that switch ordinary triggers off (session_replication_role = replica).
alter table cairn.event enable always trigger immutable;
alter table cairn.log enable always trigger lasting;
alter table cairn.log enable always trigger own;

-- Without a tenant the setting is null or empty, and nothing is visible.
alter table cairn.log enable row level security, force row level security;
alter table cairn.event enable row level security, force row level security;
create policy own_tenant on cairn.log using (tenant = current_setting('cairn.tenant', true));
create policy own_tenant on cairn.event using (tenant = current_setting('cairn.tenant', true));
-- cairn.tenants() runs as the owner and lists all logs; no connection acts as the owner.
create policy listing on cairn.log for select to cairn_owner using (true);

/* Last revision of a stream; null without one. */
create function cairn.last_revision(for_tenant text, for_stream text) returns int
language sql stable
begin atomic
  select revision from cairn.event
  where tenant = for_tenant and stream = for_stream order by revision desc limit 1;
end;

/* The outcome of a command that is there already, as `cairn.append` tells it; `first_id` is that of its first event. */
create function cairn.repetition(for_tenant text, first_id uuid) returns text
language sql stable
begin atomic
  select
    'r' || coalesce(
      (
        select next.revision from cairn.event next
        where next.tenant = for_tenant and next.stream = e.stream and next.revision > e.revision
          and next.command_id <> e.command_id
        order by next.revision limit 1
      ),
      cairn.last_revision(for_tenant, e.stream) + 1
    ) - e.revision
    || ':' || e.revision || ':' || e.position
    || ':' || round(extract(epoch from e.recorded_at) * 1000) || ':' || e.stream
  from cairn.event e
  where e.tenant = for_tenant and e.id >= first_id and e.id <= first_id order by e.id limit 1;
end;

/*
 Appends a batch of commands to one tenant's log in one round trip; each command gets its own outcome.

 Arguments are columns with one entry per event. Texts are joined by U+001E, which can occur neither in names nor, raw,
 in JSON; an empty text is null. The batch holds no stream and no command id twice.
   command      number of the command within the batch, from 1, rising
   ordinal      of the event within its command, from 0
   expected     revision of the stream, or -1 any, -2 none, -3 exists
   occurred     milliseconds since 1970

 Returns the position before the first stored event, the time of record in milliseconds since 1970, and one outcome
 per command, joined by U+001E:
   '<first revision>'                                                  appended; positions follow in batch order
   'c<actual revision or nothing>'                                     conflict
   'r<count>:<first revision>:<first position>:<recorded>:<stream>'    repeated

 Plans are kept per session and may have been made while the tables were empty. So whoever calls switches every way but an
 ordered index search off in its session: as the tables grow, any other would become a scan per call. (Settings of the
 function's own would be set and reset by each call, at a tenth of its price.)
*/
create function cairn.append(
  for_tenant text,
  commands int[], ordinals int[], expectations int[], ids uuid[], command_ids uuid[], schema_versions int[],
  occurred bigint[], streams text, types text, actors text, correlation_ids text, causation_ids text,
  metadata text, payloads text,
  out before_first bigint, out recorded bigint, out outcomes text
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  separator constant text := E'\x1e';
  own_tenant text;
  event_count constant int := cardinality(commands);
  record_time timestamptz;
  stream_names constant text[] := string_to_array(streams, separator);
  -- First revision of each command's events, -1 where it is not accepted.
  starts int[];
  stored bigint;
begin
  -- An assignment, as PERFORM would start the executor.
  own_tenant := set_config('cairn.tenant', for_tenant, true);
  loop
    -- Most batches are taken whole, so that locking the row and moving the head are one statement. Whoever had to wait for
    -- the row computes the time anew.
    update cairn.log
      set head = head + event_count,
        last_recorded_at = greatest(date_trunc('milliseconds', clock_timestamp()), last_recorded_at)
      where tenant = for_tenant
      returning head - event_count, last_recorded_at into before_first, record_time;
    exit when found;
    insert into cairn.log (tenant) values (for_tenant) on conflict do nothing;
  end loop;
  recorded := round(extract(epoch from record_time) * 1000);

  select array_agg(judged.start order by judged.command), string_agg(judged.outcome, separator order by judged.command)
    into starts, outcomes
    from (
      select
        command,
        case when earlier is null and fits then coalesce(actual + 1, 0) else -1 end as start,
        case
          when earlier is not null then cairn.repetition(for_tenant, id)
          when fits then coalesce(actual + 1, 0)::text
          else 'c' || coalesce(coalesce(actual, cairn.last_revision(for_tenant, stream))::text, '')
        end as outcome
      from (
        select
          looked_up.*,
          case expectation
            when -1 then true
            when -2 then actual is null
            when -3 then actual is not null
            else coalesce(actual = expectation, false)
          end as fits
        from (
          select
            given.command,
            given.expectation,
            given.stream,
            given.id,
            (
              select e.revision from cairn.event e
              -- Expectations that are no revision are below zero. With one, there is little to look through.
              where e.tenant = for_tenant and e.stream = given.stream and e.revision >= given.expectation
              order by e.revision desc limit 1
            ) as actual,
            (
              select e.position from cairn.event e
              -- Equality written as a range keeps "order by" meaningful, which rules out every other index.
              where e.tenant = for_tenant and e.id >= given.id and e.id <= given.id
              order by e.id limit 1
            ) as earlier
          from unnest(commands, ordinals, expectations, ids, stream_names)
            as given (command, ordinal, expectation, id, stream)
          where given.ordinal = 0
          offset 0
        ) looked_up
      ) weighed
    ) judged;

  insert into cairn.event (
    position, occurred_at, recorded_at, id, command_id, revision, schema_version,
    tenant, stream, type, actor, correlation_id, causation_id, metadata, payload
  )
  select
    before_first + row_number() over (),
    timestamptz 'epoch' + given.occurred * interval '1 millisecond',
    record_time,
    given.id,
    given.command_id,
    starts[given.command] + given.ordinal,
    given.schema_version,
    for_tenant,
    given.stream,
    given.type,
    given.actor,
    nullif(given.correlation_id, ''),
    nullif(given.causation_id, ''),
    nullif(given.metadata, ''),
    given.payload
  from unnest(
    commands, ordinals, ids, command_ids, schema_versions, occurred, stream_names,
    string_to_array(types, separator), string_to_array(actors, separator),
    string_to_array(correlation_ids, separator), string_to_array(causation_ids, separator),
    string_to_array(append.metadata, separator), string_to_array(payloads, separator)
  ) as given (
    command, ordinal, id, command_id, schema_version, occurred, stream,
    type, actor, correlation_id, causation_id, metadata, payload
  )
  where starts[given.command] >= 0;
  get diagnostics stored = row_count;

  if stored < event_count then
    update cairn.log set head = before_first + stored where tenant = for_tenant;
  end if;
end
$$;

/* Every tenant that has events. The one answer that reaches over tenants: whoever runs projections must know them. */
create function cairn.tenants() returns setof text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select tenant from cairn.log where head > 0 $$;

revoke all on all functions in schema cairn from public;
grant select on cairn.log, cairn.event to cairn_service, cairn_projector;
grant execute on function
  cairn.append(text, int[], int[], int[], uuid[], uuid[], int[], bigint[], text, text, text, text, text, text, text),
  cairn.tenants()
to cairn_service, cairn_projector;
