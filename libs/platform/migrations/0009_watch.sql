-- The alerter reads every log, and appends what rules find. What it keeps beside the log is in a schema of its own.
do $$
declare
  able constant text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
  if not exists (select from pg_roles where rolname = 'cairn_alerter') then
    begin
      create role cairn_alerter nologin noinherit;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, 'cairn_alerter', able) then
    grant cairn_alerter to current_user;
  end if;
end
$$;
create schema alerting authorization cairn_alerter;

set local role cairn_owner;
grant usage on schema cairn to cairn_alerter;
grant select on cairn.log, cairn.event to cairn_alerter;
grant execute on function
  cairn.append(text, int[], int[], int[], uuid[], uuid[], int[], bigint[], text, text, text, text, text, text, text),
  cairn.tenants()
to cairn_alerter;

set local role cairn_alerter;
grant usage on schema alerting to cairn_service;
alter default privileges revoke execute on functions from public;

-- How far the watch is in a tenant's log: up to there it has appended every change of a signal that was due.
create table alerting.watch (
  tenant text collate "C" primary key,
  position bigint not null default 0 check (position >= 0),
  -- Set when it met an event that it cannot read; it waits there for code that can.
  halted_position bigint,
  halted_reason text,
  check ((halted_position is null) = (halted_reason is null))
) with (fillfactor = 50);

-- When something will be due of a unit of a trial with no event, unless one comes before. At most one each.
create table alerting.timer (
  tenant text collate "C" not null,
  trial text collate "C" not null,
  kind text collate "C" not null check (kind in ('participant', 'site', 'worker')),
  unit text collate "C" not null,
  due_at timestamptz not null,
  primary key (tenant, trial, kind, unit)
) with (fillfactor = 70);
create index timer_due on alerting.timer (tenant, due_at);

alter table alerting.watch enable row level security, force row level security;
alter table alerting.timer enable row level security, force row level security;
create policy own_tenant on alerting.watch using (tenant = current_setting('cairn.tenant', true));
create policy own_tenant on alerting.timer using (tenant = current_setting('cairn.tenant', true));

-- As of all tables: estimates would tell what other tenants have.
alter table alerting.watch alter column tenant set statistics 0;
alter table alerting.timer
  alter column tenant set statistics 0,
  alter column trial set statistics 0,
  alter column unit set statistics 0;

reset role;
