import type pg from 'pg';

/** Tables that hold nothing of a tenant, and why. */
const WITHOUT_TENANT: Readonly<Record<string, string>> = {
  'cairn.instance': 'processes of the installation that live',
  'cairn.log_copy': 'of which other store the logs are a copy, and how far',
  'public.cairn_migration': 'which migrations have run',
  'read_model.generation': 'one building of a projection over all logs',
};

/** Policies that let more through than the tenant's own rows, and why. */
const WIDER_POLICIES: Readonly<Record<string, string>> = {
  'cairn.log listing SELECT to cairn_owner':
    'cairn.tenants(), which projector and alerter call; no login can be the owner',
  'cairn.lease leasing ALL to cairn_owner':
    'who works on which tenant, for projector and alerter, who know all of them; no login can be the owner',
  ...Object.fromEntries(
    [
      'alerting.delivery',
      'alerting.kafka_relay',
      'alerting.subscriber',
      'alerting.timer',
      'alerting.watch',
      'cairn.notary',
      'read_model.checkpoint',
      'read_model.parked',
    ].map((table) => [
      `${table} measuring SELECT to cairn_owner`,
      'counts and ages over all tenants, for projector and alerter, who know all of them; no login can be the owner',
    ]),
  ),
};

/** Functions that act as their owner, who may call them, and why they may. All have their search path pinned. */
const DEFINERS: Readonly<Record<string, { readonly callers: readonly string[]; readonly why: string }>> = {
  'alerting.settle_dead_letters': {
    callers: ['cairn_service'],
    why: 'what somebody decides about dead letters, which are the alerter’s; it sets the tenant',
  },
  'cairn.append': {
    callers: ['cairn_alerter', 'cairn_projector', 'cairn_service'],
    why: 'the one way to events; it sets the tenant',
  },
  'cairn.append_fenced': {
    callers: ['cairn_alerter', 'cairn_projector'],
    why: 'cairn.append while the caller has the lease of the tenant',
  },
  'cairn.beat': {
    callers: ['cairn_alerter', 'cairn_projector', 'cairn_service'],
    why: 'says which processes live, which is nothing of a tenant',
  },
  'cairn.end_instance': {
    callers: ['cairn_alerter', 'cairn_projector'],
    why: 'frees what a process held that is gone',
  },
  'cairn.guard_lease': {
    callers: ['cairn_alerter', 'cairn_projector'],
    why: 'keeps the lease of one tenant from changing hands within a transaction',
  },
  'cairn.release_leases': { callers: ['cairn_alerter', 'cairn_projector'], why: 'gives back what the caller holds' },
  'cairn.renew_leases': {
    callers: ['cairn_alerter', 'cairn_projector'],
    why: 'names tenants without a holder to those who must know all logs',
  },
  'cairn.take_leases': { callers: ['cairn_alerter', 'cairn_projector'], why: 'takes what nobody holds' },
  'cairn.begin_copy': {
    callers: ['cairn_projector'],
    why: 'makes the database a copy of another store, which shuts the other ways to events',
  },
  'cairn.copy': { callers: ['cairn_projector'], why: 'the one way to events of a copy; it sets the tenant' },
  'cairn.end_copy': { callers: ['cairn_restorer'], why: 'makes a copy a store of its own; it sets the tenant' },
  'cairn.halt_copy': { callers: ['cairn_projector'], why: 'says why copying has stopped, which is no tenant’s' },
  'cairn.keep_checkpoints': { callers: ['cairn_projector'], why: 'the one way to checkpoints; it sets the tenant' },
  'cairn.halt_notary': {
    callers: ['cairn_projector'],
    why: 'stops and resumes one tenant’s notary; it sets the tenant',
  },
  'cairn.restore': { callers: ['cairn_restorer'], why: 'fills an empty log; it sets the tenant' },
  'cairn.restore_checkpoints': {
    callers: ['cairn_restorer'],
    why: 'what was signed of a log that the same transaction restored; it sets the tenant',
  },
  ...Object.fromEntries(
    ['logs', 'projections', 'proofs'].map((what) => [
      `cairn.measured_${what}`,
      { callers: ['cairn_projector'], why: 'counts and ages over all tenants, for whoever knows all of them' },
    ]),
  ),
  ...Object.fromEntries(
    ['topics', 'watch', 'webhooks'].map((what) => [
      `cairn.measured_${what}`,
      { callers: ['cairn_alerter'], why: 'counts and ages over all tenants, for whoever knows all of them' },
    ]),
  ),
  'cairn.tenants': {
    callers: ['cairn_alerter', 'cairn_backup', 'cairn_projector'],
    why: 'whoever projects, watches or makes backups must know all logs',
  },
  'read_model.request_rebuild': { callers: ['cairn_service'], why: 'touches buildings only, which are no tenant’s' },
};

const POLICY = `(tenant = current_setting('cairn.tenant'::text, true))`;

/** Objects that are neither PostgreSQL's own nor an extension's. */
const OURS = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

/** What of the live catalogue would let one tenant's rows reach another: a sentence each, none when all is well. */
export async function isolationFindings(client: pg.ClientBase): Promise<string[]> {
  const found: string[] = [];
  for (const check of [tables, policies, views, keys, foreignKeys, functions, grants, publicGrants, roles]) {
    found.push(...(await check(client)));
  }
  return found;
}

async function rowsOf<Row extends object>(client: pg.ClientBase, sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await client.query<Row>(sql, values)).rows;
}

async function tables(client: pg.ClientBase): Promise<string[]> {
  const all = await rowsOf<{
    name: string;
    kind: string;
    enabled: boolean;
    forced: boolean;
    tenant: boolean;
    foreign_owned: boolean;
    building: boolean;
  }>(
    client,
    `select n.nspname || '.' || c.relname as name, c.relkind as kind,
       c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
       pg_get_userbyid(c.relowner) not in ('cairn_alerter', 'cairn_owner', 'cairn_projector') as foreign_owned,
       exists (select from pg_attribute a
         where a.attrelid = c.oid and a.attname = 'tenant' and a.attnotnull and not a.attisdropped) as tenant,
       -- Being filled by COPY, which binds nobody; only its owner can reach it.
       exists (select from read_model.generation g where g.state = 'building'
         and n.nspname = 'read_model' and c.relname = g.projection || '_g' || g.generation)
         and not exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner) as building
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where ${OURS} and c.relkind in ('r', 'p', 'm', 'f', 'S') order by 1`,
  );
  return all
    .filter(({ name }) => WITHOUT_TENANT[name] === undefined)
    .flatMap(({ name, kind, enabled, forced, tenant, foreign_owned, building }) => {
      if (kind === 'm' || kind === 'f') return [`${name} can have no row-level security`];
      if (kind === 'S') return [`${name} is a sequence, which counts over all tenants`];
      return [
        ...(tenant ? [] : [`${name} has no tenant in every row`]),
        ...(enabled ? [] : [`${name} is without row-level security`]),
        ...(forced || building ? [] : [`${name} does not bind its owner`]),
        ...(foreign_owned ? [`${name} belongs to no owner`] : []),
      ];
    });
}

async function policies(client: pg.ClientBase): Promise<string[]> {
  const all = await rowsOf<{ table: string; own: string[]; wider: string[] }>(
    client,
    `with policy as (
       select p.*, p.polpermissive and p.polcmd = '*' and p.polroles = '{0}'
           and pg_get_expr(p.polqual, p.polrelid) = $1
           -- Without a check of its own a policy for all checks what it shows.
           and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), $1) = $1 as is_own
       from pg_policy p
     )
     select n.nspname || '.' || c.relname as table,
       coalesce(array_agg(p.polname::text) filter (where p.is_own), '{}') as own,
       coalesce(array_agg(
         p.polname || ' '
         || case p.polcmd when '*' then 'ALL' when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' else 'DELETE' end
         || ' to ' || (
           select string_agg(case role when 0 then 'public' else pg_get_userbyid(role) end, ', ' order by role)
           from unnest(p.polroles) role)
       ) filter (where not p.is_own and p.polpermissive), '{}') as wider
     from pg_class c join pg_namespace n on n.oid = c.relnamespace left join policy p on p.polrelid = c.oid
     where ${OURS} and c.relkind in ('r', 'p') group by 1 order by 1`,
    [POLICY],
  );
  return all.flatMap(({ table, own, wider }) => [
    ...(own.length > 0 || WITHOUT_TENANT[table] !== undefined
      ? []
      : [`${table} has no policy of the tenant's own rows`]),
    ...wider
      .map((policy) => `${table} ${policy}`)
      .filter((policy) => WIDER_POLICIES[policy] === undefined)
      .map((policy) => `policy ${policy} lets more through`),
  ]);
}

async function views(client: pg.ClientBase): Promise<string[]> {
  const open = await rowsOf<{ name: string }>(
    client,
    `select n.nspname || '.' || c.relname as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where ${OURS} and c.relkind = 'v' and not coalesce(c.reloptions @> '{security_invoker=true}', false) order by 1`,
  );
  return open.map(({ name }) => `${name} reads as its owner, not as its reader`);
}

async function keys(client: pg.ClientBase): Promise<string[]> {
  const wrong = await rowsOf<{ name: string }>(
    client,
    `select n.nspname || '.' || x.relname as name
     from pg_index i join pg_class x on x.oid = i.indexrelid
     join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
     left join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
     where ${OURS} and n.nspname || '.' || c.relname <> all ($1) and i.indkey[0] is distinct from a.attnum order by 1`,
    [Object.keys(WITHOUT_TENANT)],
  );
  return wrong.map(({ name }) => `index ${name} does not begin with the tenant`);
}

async function foreignKeys(client: pg.ClientBase): Promise<string[]> {
  const wrong = await rowsOf<{ name: string }>(
    client,
    `select k.conrelid::regclass || ' ' || k.conname as name
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_class other on other.oid = k.confrelid
     left join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
     left join pg_attribute b on b.attrelid = other.oid and b.attname = 'tenant'
     where k.contype = 'f' and ${OURS}
       and other.relnamespace::regnamespace || '.' || other.relname <> all ($1)
       and (a.attnum is distinct from k.conkey[1] or b.attnum is distinct from k.confkey[1]) order by 1`,
    [Object.keys(WITHOUT_TENANT)],
  );
  return wrong.map(({ name }) => `foreign key ${name} does not begin with the tenant`);
}

async function functions(client: pg.ClientBase): Promise<string[]> {
  const all = await rowsOf<{ name: string; definer: boolean; pinned: boolean; callers: string[] }>(
    client,
    `select n.nspname || '.' || p.proname as name, p.prosecdef as definer,
       coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false) as pinned,
       array(select case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee)::text end
         from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where a.grantee <> p.proowner order by 1) as callers
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${OURS} order by 1`,
  );
  return all.flatMap(({ name, definer, pinned, callers }) => {
    const listed = definer ? DEFINERS[name] : undefined;
    const allowed = listed?.callers ?? [];
    return [
      ...(definer && !listed ? [`function ${name} acts as its owner`] : []),
      ...(definer && !pinned ? [`function ${name} looks names up where its caller says`] : []),
      ...callers.filter((one) => !allowed.includes(one)).map((one) => `function ${name} can be called by ${one}`),
    ];
  });
}

/** What the services may do with tables, beside what they own. */
async function grants(client: pg.ClientBase): Promise<string[]> {
  const wrong = await rowsOf<{ grant: string }>(
    client,
    `select coalesce(nullif(pg_get_userbyid(a.grantee), ''), 'public') || ' may ' || a.privilege_type
       || ' on ' || n.nspname || '.' || c.relname as grant
     from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
     where ${OURS} and n.nspname <> 'public' and a.grantee not in (0, c.relowner)
       and not (pg_get_userbyid(a.grantee) in ('cairn_alerter', 'cairn_backup', 'cairn_owner', 'cairn_projector', 'cairn_service')
         and a.privilege_type = 'SELECT')
     order by 1`,
  );
  return wrong.map(({ grant }) => grant);
}

async function publicGrants(client: pg.ClientBase): Promise<string[]> {
  const wrong = await rowsOf<{ grant: string }>(
    client,
    `select 'public may ' || a.privilege_type || ' on ' || n.nspname || '.' || c.relname as grant
     from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
     where ${OURS} and a.grantee = 0
     union all
     select 'public may ' || a.privilege_type || ' in schema ' || n.nspname
     from pg_namespace n
     cross join lateral aclexplode(n.nspacl) a
     where ${OURS} and a.grantee = 0 and not (n.nspname = 'public' and a.privilege_type = 'USAGE')
     union all
     select 'public may use the database for ' || a.privilege_type
     from pg_database d cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
     where d.datname = current_database() and a.grantee = 0 and a.privilege_type <> 'CONNECT'
     order by 1`,
  );
  return wrong.map(({ grant }) => grant);
}

async function roles(client: pg.ClientBase): Promise<string[]> {
  const wrong = await rowsOf<{ finding: string }>(
    client,
    `select 'role ' || rolname || ' has rights over row-level security, roles or databases' as finding from pg_roles
     where rolname ~ '^cairn_' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
     union all
     select 'role ' || rolname || ' has the rights of its roles without taking them on' from pg_roles
     where rolname ~ '^cairn_' and rolinherit
     union all
     select 'role ' || rolname || ' can log in' from pg_roles
     where rolname in ('cairn_alerter', 'cairn_backup', 'cairn_owner', 'cairn_projector', 'cairn_restorer', 'cairn_service') and rolcanlogin
     union all
     select 'role ' || member.rolname || ' can become ' || given.rolname
     from pg_auth_members m join pg_roles given on given.oid = m.roleid join pg_roles member on member.oid = m.member
     where member.rolname ~ '^cairn_' and (member.rolname, given.rolname) not in
       (('cairn_alerting', 'cairn_alerter'), ('cairn_api', 'cairn_service'), ('cairn_projecting', 'cairn_projector'), ('cairn_restoring', 'cairn_restorer'))
     union all
     select 'role ' || r.rolname || ' may create schemas' from pg_roles r
     where r.rolname ~ '^cairn_' and has_database_privilege(r.oid, current_database(), 'CREATE')
     order by 1`,
  );
  return wrong.map(({ finding }) => finding);
}
