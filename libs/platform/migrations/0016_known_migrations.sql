-- A service of a newer version may start before its migrations have run: it looks which have, and waits.
grant select on public.cairn_migration to cairn_alerter, cairn_projector, cairn_service;
