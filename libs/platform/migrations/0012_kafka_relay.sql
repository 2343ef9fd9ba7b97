-- How far the alerts of a subscription have got that go to a topic of Kafka. What is after the position was not
-- acknowledged, so it is sent, perhaps again.
set local role cairn_alerter;

create table alerting.kafka_relay (
  tenant text collate "C" not null,
  trial text collate "C" not null,
  subscription text collate "C" not null,
  position bigint not null check (position >= 0),
  -- Where the last request for a replay lies that was followed; 0: none.
  replayed bigint not null default 0 check (replayed >= 0),
  -- Why nothing gets through at present: a code, never what a broker said.
  failure text,
  failing_since timestamptz,
  published_at timestamptz,
  primary key (tenant, trial, subscription),
  check ((failure is null) = (failing_since is null))
) with (fillfactor = 50);

alter table alerting.kafka_relay enable row level security, force row level security;
create policy own_tenant on alerting.kafka_relay using (tenant = current_setting('cairn.tenant', true));

-- As of all tables: estimates would tell what other tenants have.
alter table alerting.kafka_relay
  alter column tenant set statistics 0,
  alter column trial set statistics 0,
  alter column subscription set statistics 0;

grant select on alerting.kafka_relay to cairn_service;

reset role;
