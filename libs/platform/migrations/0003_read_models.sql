-- What the projector keeps about its read models. Everything here can be made again from the event log.
set local role cairn_projector;

-- One building of one projection over all tenants' logs. Says nothing about any tenant, so it has no tenant column.
create table read_model.generation (
  projection text not null check (projection ~ '^[a-z][a-z_]{0,39}$'),
  generation integer not null check (generation > 0),
  version integer not null check (version > 0),
  definition_hash text not null,
  state text not null check (state in ('requested', 'building', 'serving', 'retired', 'failed')),
  -- Whether the view <projection>_v<version> shows this generation.
  shown boolean not null default false,
  failure text,
  events_done bigint not null default 0,
  events_total bigint not null default 0,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  primary key (projection, generation),
  check ((state = 'failed') = (failure is not null)),
  check (not shown or state <> 'failed')
);
create unique index generation_serving on read_model.generation (projection) where state = 'serving';
create unique index generation_shown on read_model.generation (projection, version) where shown;
create unique index generation_unfinished on read_model.generation (projection) where state in ('requested', 'building');

-- How far a generation has come in one tenant's log. Every write of documents raises `revision` in its transaction and
-- asks for the one that was read before: of two workers only one can write.
create table read_model.checkpoint (
  tenant text not null,
  projection text not null,
  generation integer not null,
  position bigint not null check (position >= 0),
  revision bigint not null default 0,
  -- Rises when documents change below the position, so that readers who hold some know to read all of them again.
  rewrites integer not null default 0,
  -- Set when another generation took over: no worker may write any more.
  fenced boolean not null default false,
  halted_position bigint,
  halted_event text,
  halted_type text,
  halted_reason text,
  halted_at timestamptz,
  primary key (tenant, projection, generation),
  foreign key (projection, generation) references read_model.generation on delete cascade,
  check ((halted_position is null) = (halted_reason is null))
) with (fillfactor = 50);

-- Events that a projection could not fold, and every later event of the same document, in log order.
create table read_model.parked (
  tenant text not null,
  projection text not null,
  generation integer not null,
  scope text not null,
  id text not null,
  position bigint not null,
  -- Position of the event that failed and keeps this one waiting; its own for the first.
  first_position bigint not null,
  event_id text not null,
  event_type text not null,
  -- Why folding failed; empty for those that only wait behind one that did.
  error text,
  parked_at timestamptz not null default clock_timestamp(),
  primary key (tenant, projection, generation, position),
  foreign key (projection, generation) references read_model.generation on delete cascade,
  check (first_position <= position)
);
create index parked_document on read_model.parked (tenant, projection, generation, scope, id, position);
create index parked_generation on read_model.parked (projection, generation);
create index checkpoint_generation on read_model.checkpoint (projection, generation);

alter table read_model.checkpoint enable row level security, force row level security;
create policy tenant on read_model.checkpoint
  using (tenant = current_setting('cairn.tenant', true)) with check (tenant = current_setting('cairn.tenant', true));
alter table read_model.parked enable row level security, force row level security;
create policy tenant on read_model.parked
  using (tenant = current_setting('cairn.tenant', true)) with check (tenant = current_setting('cairn.tenant', true));

grant select on read_model.generation, read_model.checkpoint, read_model.parked to cairn_service;

-- The one thing the service may ask of the projector. A rebuild that is already under way is the answer to the request.
create function read_model.request_rebuild(wanted text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  serving read_model.generation;
  made integer;
begin
  select * into serving from read_model.generation g where g.projection = wanted and g.state = 'serving' for update;
  if not found then
    raise exception 'read model % has nothing that serves', wanted using errcode = 'no_data_found';
  end if;
  select g.generation into made from read_model.generation g
    where g.projection = wanted and g.state in ('requested', 'building');
  if made is null then
    insert into read_model.generation (projection, generation, version, definition_hash, state)
      select wanted, max(g.generation) + 1, serving.version, serving.definition_hash, 'requested'
      from read_model.generation g where g.projection = wanted
      returning generation into made;
  end if;
  perform pg_notify('cairn_rebuild', wanted);
  return made;
end
$$;
revoke all on function read_model.request_rebuild(text) from public;
grant execute on function read_model.request_rebuild(text) to cairn_service;

reset role;
