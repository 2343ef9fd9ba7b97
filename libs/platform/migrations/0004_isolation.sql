-- What the roles were given and do not need any more. The owner of the database gave it, and is who migrates.
do $$
begin
  execute format('revoke create on database %I from cairn_owner, cairn_projector', current_database());
  -- A temporary table or view is a name that could stand before ours.
  execute format('revoke temporary on database %I from public', current_database());
end
$$;

set local role cairn_owner;
-- A function may be called by whoever is named, also one that a later migration forgets about.
alter default privileges revoke execute on functions from public;

-- Which logs there are is known to whoever must read all of them, and to nobody who answers a single tenant.
revoke execute on function cairn.tenants() from cairn_service;

-- How common a value is would be told to everyone by the planner's estimates: of tenants, and of names that a tenant chose.
alter table cairn.log alter column tenant set statistics 0;
alter table cairn.event
  alter column tenant set statistics 0,
  alter column stream set statistics 0,
  alter column actor set statistics 0;

set local role cairn_projector;
alter default privileges revoke execute on functions from public;
-- They served the removal of a generation, which is rare and passes over few rows.
drop index read_model.parked_generation;
drop index read_model.checkpoint_generation;
alter table read_model.checkpoint alter column tenant set statistics 0;
alter table read_model.parked
  alter column tenant set statistics 0,
  alter column scope set statistics 0,
  alter column id set statistics 0;

reset role;
