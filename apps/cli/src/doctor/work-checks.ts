import type { Look } from './database-checks.js';
import { type DoctorCode, type Finding, found } from './finding.js';

/** Seconds. */
const BEHIND_WARNING = 60;
const BEHIND_PROBLEM = 600;
const WAITING_WARNING = 900;

const lag = (code: DoctorCode, what: string, seconds: number): Finding =>
  found(
    code,
    seconds > BEHIND_PROBLEM ? 'problem' : seconds > BEHIND_WARNING ? 'warning' : 'ok',
    seconds > BEHIND_WARNING ? `${what} behind by ${about(seconds)}.` : `${what} up to date.`,
  );

const readModels: Look = async (client) => {
  await client.query('set role cairn_projector');
  const { rows } = await client.query<{ projection: string; lag_seconds: number; halted: string; parked: string }>(
    'select * from cairn.measured_projections(false)',
  );
  const halted = rows.filter((row) => row.halted !== '0');
  const parked = rows.filter((row) => row.parked !== '0');
  const stopped = [
    ...halted.map((row) => `${row.projection} has halted for ${row.halted} tenants`),
    ...parked.map((row) => `${row.projection} keeps ${row.parked} events waiting`),
  ];
  return [
    stopped.length === 0
      ? found('READ_MODELS', 'ok', 'No read model has met an event that it cannot fold.')
      : found(
          'READ_MODELS',
          halted.length > 0 ? 'problem' : 'warning',
          `A read model is incomplete: ${stopped.join('; ')}.`,
        ),
    lag('READ_MODELS_BEHIND', 'Read models are', Math.max(0, ...rows.map((row) => row.lag_seconds))),
  ];
};

const notary: Look = async (client) => {
  await client.query('set role cairn_projector');
  const { rows } = await client.query<{ lag_seconds: number; halted: string }>(
    'select * from cairn.measured_proofs(false)',
  );
  const { lag_seconds: seconds, halted } = rows[0] ?? { lag_seconds: 0, halted: '0' };
  return [
    halted === '0'
      ? found('NOTARY', 'ok', 'Every log is what was signed, as far as it was compared.')
      : found(
          'NOTARY',
          'problem',
          `The logs of ${halted} tenants are not what was signed: nothing more of them is signed.`,
        ),
    lag('NOTARY_BEHIND', 'Signatures are', seconds),
  ];
};

const watch: Look = async (client) => {
  await client.query('set role cairn_alerter');
  const { rows } = await client.query<{
    lag_seconds: number;
    halted: string;
    timers_due: string;
    overdue_seconds: number;
  }>('select * from cairn.measured_watch(false)');
  const row = rows[0] ?? { lag_seconds: 0, halted: '0', timers_due: '0', overdue_seconds: 0 };
  const isLate = row.overdue_seconds > BEHIND_WARNING;
  return [
    row.halted === '0'
      ? found('WATCH', 'ok', 'The watch can read every event.')
      : found('WATCH', 'problem', `The watch met an event that it cannot read, for ${row.halted} tenants.`),
    lag('WATCH_BEHIND', 'The watch is', row.lag_seconds),
    found(
      'TIMERS',
      row.overdue_seconds > BEHIND_PROBLEM ? 'problem' : isLate ? 'warning' : 'ok',
      isLate
        ? `${row.timers_due} timers have run out and were not looked at, the oldest ${about(row.overdue_seconds)} ago.`
        : 'No timer is overdue.',
    ),
  ];
};

const deliveries: Look = async (client) => {
  await client.query('set role cairn_alerter');
  const webhooks = await client.query<{ waiting: string; lag_seconds: number; dead: string; stalled: string }>(
    'select * from cairn.measured_webhooks(false)',
  );
  const topics = await client.query<{ lag_seconds: number; failing: string }>(
    'select * from cairn.measured_topics(false)',
  );
  const {
    waiting,
    lag_seconds: seconds,
    dead,
    stalled,
  } = webhooks.rows[0] ?? { waiting: '0', lag_seconds: 0, dead: '0', stalled: '0' };
  const { failing } = topics.rows[0] ?? { failing: '0' };
  return [
    stalled !== '0'
      ? found('WEBHOOKS', 'problem', `Nothing is sent to ${stalled} webhooks, which have too many dead letters.`)
      : seconds > WAITING_WARNING
        ? found('WEBHOOKS', 'warning', `${waiting} messages wait for their webhooks, the oldest for ${about(seconds)}.`)
        : found('WEBHOOKS', 'ok', 'Webhooks are sent as they should be.'),
    dead === '0'
      ? found('DEAD_LETTERS', 'ok', 'There are no dead letters.')
      : found('DEAD_LETTERS', 'warning', `${dead} messages had their last attempt and were not settled.`),
    failing === '0'
      ? found('KAFKA_TOPICS', 'ok', 'No subscription fails to get its alerts to its topic.')
      : found('KAFKA_TOPICS', 'problem', `Of ${failing} subscriptions nothing gets to their topic.`),
  ];
};

const leases: Look = async (client) => {
  const { rows: instances } = await client.query<{ service: string; live: number }>(
    `select service, count(*)::int as live from cairn.instance where expires_at > clock_timestamp() group by 1`,
  );
  const live = new Map(instances.map((row) => [row.service, row.live]));
  await client.query('set role cairn_owner');
  // A lease changes hands within seconds; one that nobody has had for longer is nobody's.
  const { rows: free } = await client.query<{ service: string; tenants: number }>(
    `select s.service, count(*)::int as tenants from (values ('alerter'), ('projector')) as s (service)
     cross join cairn.log l left join cairn.lease k on k.tenant = l.tenant and k.service = s.service
     where l.head > 0 and (k.holder is null or k.expires_at < clock_timestamp() - interval '15 s') group by 1 order by 1`,
  );
  const missing = ['alerter', 'api', 'projector'].filter((service) => !live.has(service));
  const running = [...live].sort().map(([service, count]) => `${count} of the ${service}`);
  return [
    missing.length === 0
      ? found('INSTANCES', 'ok', `Instances that live: ${running.join(', ')}.`)
      : found('INSTANCES', 'problem', `There is no instance of the ${missing.join(', the ')}.`),
    free.length === 0
      ? found('LEASES', 'ok', 'Somebody works on every tenant.')
      : found(
          'LEASES',
          'problem',
          `Nobody works on ${free.map((row) => `${row.tenants} tenants as ${row.service}`).join(', ')}.`,
        ),
  ];
};

/** What is looked at of Cairn's own work, in a database that is migrated. */
export const workLooks: readonly Look[] = [readModels, notary, watch, deliveries, leases];

function about(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
