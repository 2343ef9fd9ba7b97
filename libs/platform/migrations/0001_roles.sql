-- Roles belong to the whole server, so another database of it may have made them, perhaps at this very moment.
do $$
declare
  wanted text;
  -- Since PostgreSQL 16 who creates a role is a member of it without being able to act as it.
  able constant text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
  foreach wanted in array array['cairn_owner', 'cairn_projector', 'cairn_service'] loop
    -- Looked at first: a user who may not create roles can still use those that were made for it.
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin noinherit', wanted);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    if not pg_has_role(current_user, wanted, able) then
      execute format('grant %I to current_user', wanted);
    end if;
  end loop;
  execute format('grant create on database %I to cairn_owner, cairn_projector', current_database());
end
$$;

set local role cairn_owner;
create schema cairn;
grant usage on schema cairn to cairn_service, cairn_projector;

set local role cairn_projector;
create schema read_model;
grant usage on schema read_model to cairn_service;
