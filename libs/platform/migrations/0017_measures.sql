-- What operators watch, over all tenants at once: one call for each scrape instead of some for each tenant. Only counts, positions
-- and ages come out. Services call functions that act as the owner; no connection acts as the owner, so that the policies
-- below open nothing to anybody else.
set local role cairn_projector;
grant usage on schema read_model to cairn_owner;
grant select on read_model.generation, read_model.checkpoint, read_model.parked to cairn_owner;
create policy measuring on read_model.checkpoint for select to cairn_owner using (true);
create policy measuring on read_model.parked for select to cairn_owner using (true);

set local role cairn_alerter;
grant usage on schema alerting to cairn_owner;
grant select on alerting.watch, alerting.timer, alerting.subscriber, alerting.delivery, alerting.kafka_relay
  to cairn_owner;
create policy measuring on alerting.watch for select to cairn_owner using (true);
create policy measuring on alerting.timer for select to cairn_owner using (true);
create policy measuring on alerting.subscriber for select to cairn_owner using (true);
create policy measuring on alerting.delivery for select to cairn_owner using (true);
create policy measuring on alerting.kafka_relay for select to cairn_owner using (true);
-- Those that are sent are many and stay for a while; those that nobody could be sent are few.
create index delivery_dead on alerting.delivery (tenant, trial, subscription) where state = 'dead';

set local role cairn_owner;
create policy measuring on cairn.notary for select to cairn_owner using (true);

/* Seconds since the first event after a position was recorded. Events stay bound to one tenant, for the owner too: it is set here. */
create function cairn.age_after(for_tenant text, at_position bigint) returns double precision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('cairn.tenant', for_tenant, true);
  return (
    select greatest(0, extract(epoch from clock_timestamp() - e.recorded_at))
    from cairn.event e where e.tenant = for_tenant and e.position = at_position + 1
  );
end
$$;

/* The same of the first event after a position of which there is an alert. The types are those of `event_of_signals`, in full. */
create function cairn.alert_age_after(for_tenant text, of_trial text, at_position bigint) returns double precision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('cairn.tenant', for_tenant, true);
  return (
    select greatest(0, extract(epoch from clock_timestamp() - e.recorded_at))
    from cairn.event e
    where e.tenant = for_tenant and e.position > at_position
      and e.type in (
        'SignalRaised', 'SignalCleared', 'SignalReturned', 'SignalAcknowledged', 'SignalAssigned', 'SignalSnoozed',
        'SignalWoken', 'SignalEscalated', 'SignalResolved', 'SignalOutcomeRecorded', 'SignalRulePublished',
        'AlertSubscriptionOpened', 'AlertSubscriptionChanged', 'AlertSubscriptionPaused', 'AlertSubscriptionResumed',
        'AlertSubscriptionClosed', 'AlertSubscriptionDisabled', 'AlertReplayRequested', 'AlertSecretRotated'
      )
      and e.type ~ '^Signal' and e.type <> 'SignalRulePublished'
      and e.payload::json ->> 'trial' = of_trial
    order by e.position limit 1
  );
end
$$;

/*
 How far what serves of each read model is, over all tenants; with `each_tenant` a row for every one of them. `lag_events` and
 `lag_seconds` are of whoever is furthest behind, `halted` and `parked` are sums.
*/
create function cairn.measured_projections(each_tenant boolean)
returns table (
  tenant text, projection text, lag_events bigint, lag_seconds double precision, halted bigint, parked bigint
)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when each_tenant then l.tenant end, g.projection,
    max(greatest(0, l.head - coalesce(c.position, 0))),
    coalesce(max(case when l.head > coalesce(c.position, 0) then cairn.age_after(l.tenant, coalesce(c.position, 0)) end), 0),
    count(c.halted_position),
    coalesce(sum(p.events), 0)::bigint
  from cairn.log l
  cross join read_model.generation g
  left join read_model.checkpoint c
    on c.tenant = l.tenant and c.projection = g.projection and c.generation = g.generation
  left join (
    select k.tenant, k.projection, k.generation, count(*) as events from read_model.parked k group by 1, 2, 3
  ) p on p.tenant = l.tenant and p.projection = g.projection and p.generation = g.generation
  where l.head > 0 and g.state = 'serving'
  group by 1, 2
$$;

/* How far the notary is. Where it has never signed anything, proofs are off, and nothing is late. */
create function cairn.measured_proofs(each_tenant boolean)
returns table (tenant text, lag_events bigint, lag_seconds double precision, halted bigint)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when each_tenant then l.tenant end,
    max(greatest(0, l.head - coalesce(n.position, 0))),
    coalesce(max(case when l.head > coalesce(n.position, 0) then cairn.age_after(l.tenant, coalesce(n.position, 0)) end), 0),
    count(n.halted_position)
  from cairn.log l left join cairn.notary n on n.tenant = l.tenant
  where l.head > 0 group by 1
$$;

/* How many logs there are, and events in all of them. */
create function cairn.measured_logs(out tenants bigint, out events bigint)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$ select count(*), coalesce(sum(head), 0)::bigint from cairn.log where head > 0 $$;

/* How far the watch is, and timers that have run out and were not looked at yet. */
create function cairn.measured_watch(each_tenant boolean)
returns table (
  tenant text, lag_events bigint, lag_seconds double precision, halted bigint, timers_due bigint, overdue_seconds double precision
)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when each_tenant then l.tenant end,
    max(greatest(0, l.head - coalesce(w.position, 0))),
    coalesce(max(case when l.head > coalesce(w.position, 0) then cairn.age_after(l.tenant, coalesce(w.position, 0)) end), 0),
    count(w.halted_position),
    sum(t.due)::bigint,
    coalesce(max(extract(epoch from clock_timestamp() - t.since)), 0)::double precision
  from cairn.log l
  left join alerting.watch w on w.tenant = l.tenant
  cross join lateral (
    select count(*) as due, min(d.due_at) as since from alerting.timer d
    where d.tenant = l.tenant and d.due_at <= statement_timestamp()
  ) t
  where l.head > 0 group by 1
$$;

/* What waits for webhooks: messages that may be sent now, since when the oldest, and what nobody could be sent. */
create function cairn.measured_webhooks(each_tenant boolean)
returns table (tenant text, waiting bigint, lag_seconds double precision, dead bigint, stalled bigint)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with waiting as (
    select d.tenant, count(*) as messages, min(d.position) as oldest
    from alerting.delivery d
    where d.state = 'waiting' and (d.held_until is null or d.held_until <= statement_timestamp()) group by 1
  ), dead as (
    select d.tenant, count(*) as messages from alerting.delivery d where d.state = 'dead' group by 1
  ), stalled as (
    select s.tenant, count(*) as webhooks from alerting.subscriber s where s.stalled group by 1
  )
  select case when each_tenant then tenant end, coalesce(sum(w.messages), 0)::bigint,
    coalesce(max(cairn.age_after(tenant, w.oldest - 1)), 0),
    coalesce(sum(d.messages), 0)::bigint, coalesce(sum(s.webhooks), 0)::bigint
  from waiting w full join dead d using (tenant) full join stalled s using (tenant) group by 1
$$;

/* How far the subscriptions are whose alerts go to topics, and of how many nothing gets through. */
create function cairn.measured_topics(each_tenant boolean)
returns table (tenant text, lag_seconds double precision, failing bigint)
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when each_tenant then r.tenant end,
    coalesce(max(cairn.alert_age_after(r.tenant, r.trial, r.position)), 0), count(r.failure)
  from alerting.kafka_relay r group by 1
$$;

grant execute on function
  cairn.measured_projections(boolean), cairn.measured_proofs(boolean), cairn.measured_logs()
to cairn_projector;
grant execute on function
  cairn.measured_watch(boolean), cairn.measured_webhooks(boolean), cairn.measured_topics(boolean)
to cairn_alerter;

reset role;
