-- Where KurrentDB is the event store, the logs of this database are a copy of what is there, with the positions that only a
-- copy can give: gapless per tenant, in the order of $all. Holds nothing of a tenant.
set local role cairn_owner;

create table cairn.log_copy (
  -- At most one row: a database is a copy of one store, or is the store itself.
  alone boolean primary key default true check (alone),
  -- Which store: its first event, and where that is. Null while it has none.
  source text collate "C",
  -- The place in $all up to which everything is here.
  position numeric(20) not null default 0,
  -- Where it was one page before: between the two there are events, unless the store has lost them.
  before numeric(20) not null default 0,
  -- Rises with every page: of two that copy the same one, one is let through.
  revision bigint not null default 0,
  -- Whatever the store recorded by then is here, as far as clocks agree: what is known of a past moment up to then is final.
  complete_through timestamptz not null default '-infinity',
  moved_at timestamptz not null default clock_timestamp(),
  -- Why the copy has stopped before an event that cannot be copied.
  halted text,
  halted_at timestamptz,
  check ((halted is null) = (halted_at is null))
) with (fillfactor = 50);
grant select on cairn.log_copy to cairn_alerter, cairn_projector, cairn_service;

-- How many of a log's first events are known to be in the store of which it is a copy.
alter table cairn.log add column copied bigint not null default 0;

/*
 Opens or shuts the ways by which events come into a log that is no copy. It costs appends nothing: the server looks at
 every call whether its caller may make it.
*/
create function cairn.let_append(allowed boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  way record;
begin
  for way in
    select p.oid::regprocedure as function, r.rolname as caller
    from pg_proc p
    cross join pg_roles r
    where p.pronamespace = 'cairn'::regnamespace
      and (p.proname, r.rolname) in (
        ('append', 'cairn_alerter'), ('append', 'cairn_projector'), ('append', 'cairn_service'),
        ('append_fenced', 'cairn_alerter'), ('append_fenced', 'cairn_projector'), ('restore', 'cairn_restorer')
      )
      and has_function_privilege(r.oid, p.oid, 'execute') <> allowed
  loop
    if allowed then execute format('grant execute on function %s to %I', way.function, way.caller);
    else execute format('revoke execute on function %s from %I', way.function, way.caller);
    end if;
  end loop;
end
$$;

/*
 Makes the database a copy of a store, if it is none yet: from here on nothing but `cairn.copy` adds events.
 Returns how far the copy is; with another source than was asked for, it is a copy of another store.
*/
create function cairn.begin_copy(
  of_source text, out source text, out "position" numeric, out before numeric, out revision bigint
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into cairn.log_copy as own (source) values (of_source)
    on conflict (alone) do update set source = of_source where own.source is null and of_source is not null;
  -- A later migration may have opened a way again.
  perform cairn.let_append(false);
  select own.source, own.position, own.before, own.revision into source, "position", before, revision
    from cairn.log_copy own;
end
$$;

/*
 The database is a store of its own from here on. Whoever calls this has made sure that the copy is complete, and that nobody
 appends to the other store any more.
*/
create function cairn.end_copy() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  each text;
begin
  delete from cairn.log_copy;
  for each in select tenant from cairn.log where copied > 0 loop
    perform set_config('cairn.tenant', each, true);
    update cairn.log set copied = 0 where tenant = each;
  end loop;
  perform cairn.let_append(true);
end
$$;

/* Says that the copy has stopped, and why; null: it goes on. */
create function cairn.halt_copy(of_source text, why text) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  update cairn.log_copy
    set halted = why, halted_at = case when why is null then null else coalesce(halted_at, clock_timestamp()) end
    where source is not distinct from of_source and halted is distinct from why
$$;

/*
 Copies the events of one log that are in a page of $all, in their order. Columns are as in `cairn.restore`.

 Positions follow the head. The time of record is the store's, that of the first event for all of an append; where it would
 fall behind that of the event before, it is raised to that. So a copy that is made anew comes out equal.

 An event that is here already must be the same, and the next one that was not known to be in the store: a log that was copied
 to the store before is taken over so, and nothing that only one of the two has is passed over.
*/
create function cairn.copy_log(
  for_tenant text, complete_through timestamptz,
  revisions int[], ids uuid[], command_ids uuid[], schema_versions int[], occurred bigint[], recorded bigint[],
  streams text, types text, actors text, correlation_ids text, causation_ids text, metadata text, payloads text,
  out added int, out late int
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  separator constant text := E'\x1e';
  stream_names constant text[] := string_to_array(streams, separator);
  type_names constant text[] := string_to_array(types, separator);
  actor_names constant text[] := string_to_array(actors, separator);
  correlations constant text[] := string_to_array(correlation_ids, separator);
  causations constant text[] := string_to_array(causation_ids, separator);
  about constant text[] := string_to_array(metadata, separator);
  bodies constant text[] := string_to_array(payloads, separator);
  log cairn.log;
  before_first bigint;
  last_command uuid;
  -- Where each event is already; null: nowhere.
  held bigint[];
  met int;
  fault text;
begin
  perform set_config('cairn.tenant', for_tenant, true);
  insert into cairn.log (tenant) values (for_tenant) on conflict do nothing;
  select * into log from cairn.log where tenant = for_tenant for no key update;
  before_first := log.head;

  select
    array_agg(looked_up.position order by place),
    count(looked_up.position) filter (where looked_up.position > log.copied)
    into held, met
    from (
      select place, (
        select e.position from cairn.event e
        where e.tenant = for_tenant and e.id >= given.id and e.id <= given.id order by e.id limit 1
      ) as position
      from unnest(ids) with ordinality as given (id, place)
      offset 0
    ) looked_up;

  if num_nonnulls(variadic held) > 0 then
    select format('the event %s is here already, and is another', given.id) into fault
      from unnest(
        held, revisions, ids, command_ids, schema_versions, occurred, stream_names, type_names, actor_names,
        correlations, causations, about, bodies
      ) as given (
        position, revision, id, command_id, schema_version, occurred, stream, type, actor,
        correlation_id, causation_id, about, payload
      )
      cross join lateral (
        select * from cairn.event e
        where e.tenant = for_tenant and e.position >= given.position and e.position <= given.position
        order by e.position limit 1
      ) here
      where (
        here.revision, here.command_id, here.schema_version, here.stream, here.type, here.actor, here.payload,
        here.occurred_at
      ) is distinct from (
        given.revision, given.command_id, given.schema_version, given.stream, given.type, given.actor, given.payload,
        timestamptz 'epoch' + given.occurred * interval '1 millisecond'
      )
        or here.correlation_id is distinct from nullif(given.correlation_id, '')
        or here.causation_id is distinct from nullif(given.causation_id, '')
        or here.metadata is distinct from nullif(given.about, '')
      limit 1;
    if fault is not null then raise exception '%', fault using errcode = 'CA003'; end if;
    select format('the event %s has another place here', ids[place]) into fault
      from (
        select place, position, row_number() over (order by place) as turn
        from unnest(held) with ordinality as given (position, place)
        where position > log.copied
      ) adopted
      where position <> log.copied + turn
      limit 1;
    if fault is not null then raise exception '%', fault using errcode = 'CA003'; end if;
  end if;

  added := cardinality(ids) - num_nonnulls(variadic held);
  late := 0;
  if added = 0 then
    if met > 0 then update cairn.log set copied = copied + met where tenant = for_tenant; end if;
    return;
  end if;
  if log.copied + met < log.head then
    raise exception 'there are events here that the store does not have, from position % on', log.copied + met + 1
      using errcode = 'CA003';
  end if;
  select format('revision %s of the stream %s is not its next one', revision, stream) into fault
    from (
      select stream, revision, place, revision - row_number() over (partition by stream order by place) as before
      from unnest(stream_names, revisions, held) with ordinality as given (stream, revision, known, place)
      where known is null
    ) numbered
    where before <> coalesce(cairn.last_revision(for_tenant, stream), -1)
    order by place limit 1;
  if fault is not null then raise exception '%', fault using errcode = 'CA003'; end if;

  select e.command_id into last_command from cairn.event e
    where e.tenant = for_tenant and e.position >= log.head and e.position <= log.head order by e.position limit 1;
  insert into cairn.event (
    position, occurred_at, recorded_at, id, command_id, revision, schema_version,
    tenant, stream, type, actor, correlation_id, causation_id, metadata, payload
  )
  select
    before_first + row_number() over (order by place),
    timestamptz 'epoch' + occurred_at * interval '1 millisecond',
    greatest(
      log.last_recorded_at,
      max(case when opens then timestamptz 'epoch' + recorded_at * interval '1 millisecond' end) over (order by place)
    ),
    id, command_id, revision, schema_version,
    for_tenant, stream, type, actor,
    nullif(correlation_id, ''), nullif(causation_id, ''), nullif(fresh.about, ''), payload
  from (
    select given.*, lag(command_id, 1, last_command) over (order by place) is distinct from command_id as opens
    from unnest(
      held, revisions, ids, command_ids, schema_versions, occurred, recorded, stream_names, type_names, actor_names,
      correlations, causations, about, bodies
    ) with ordinality as given (
      known, revision, id, command_id, schema_version, occurred_at, recorded_at, stream, type, actor,
      correlation_id, causation_id, about, payload, place
    )
    where known is null
  ) fresh;
  select count(*) into late
    from unnest(recorded, held) as given (at, known)
    where known is null and timestamptz 'epoch' + at * interval '1 millisecond' <= complete_through;

  update cairn.log
    set head = head + added, copied = head + added,
      last_recorded_at = (
        select e.recorded_at from cairn.event e
        where e.tenant = for_tenant and e.position <= before_first + added order by e.position desc limit 1
      )
    where tenant = for_tenant;
end
$$;

/*
 Copies a page of $all, with the events of any number of tenants, and moves on by it: all or nothing. Every column has one
 entry per tenant: a text as `cairn.copy_log` takes it, whole numbers and ids as the text of an array.

 Whatever was recorded by `through` is here then; null: nothing is known of that. `late` counts events that were recorded by
 a moment of which that had been said already.

 Raises CA003 for an event that cannot be copied.
 Returns null when the copy is not at that revision: somebody else has copied meanwhile.
*/
create function cairn.copy(
  of_source text, at_revision bigint, to_position numeric, through timestamptz,
  tenants text[], revisions text[], ids text[], command_ids text[], schema_versions text[], occurred text[],
  recorded text[], streams text[], types text[], actors text[], correlation_ids text[], causation_ids text[],
  metadata text[], payloads text[],
  out added int, out late int
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  said timestamptz;
  one record;
begin
  update cairn.log_copy
    set position = to_position, before = case when to_position > position then position else before end,
      revision = revision + 1, moved_at = clock_timestamp(), halted = null, halted_at = null
    where source is not distinct from of_source and revision = at_revision and position <= to_position
    returning complete_through into said;
  if not found then return; end if;
  added := 0;
  late := 0;
  for place in 1 .. cardinality(tenants) loop
    select * into one from cairn.copy_log(
      tenants[place], said, revisions[place]::int[], ids[place]::uuid[], command_ids[place]::uuid[],
      schema_versions[place]::int[], occurred[place]::bigint[], recorded[place]::bigint[], streams[place], types[place],
      actors[place], correlation_ids[place], causation_ids[place], metadata[place], payloads[place]
    );
    added := added + one.added;
    late := late + one.late;
  end loop;
  if through > said then update cairn.log_copy set complete_through = through; end if;
end
$$;

grant execute on function
  cairn.begin_copy(text),
  cairn.halt_copy(text, text),
  cairn.copy(
    text, bigint, numeric, timestamptz, text[], text[], text[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[]
  )
to cairn_projector;
grant execute on function cairn.end_copy() to cairn_restorer;

reset role;
