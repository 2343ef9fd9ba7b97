import { EVENT_COLUMNS } from './event-row.js';

/** The largest that the columns take. */
export const REVISION_MAX = 2_147_483_647;
export const POSITION_MAX = 9_223_372_036_854_775_807n;

export interface ReadStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * The tenant is set for row-level security by the statement that needs it, so a read is one prepared statement and one
 * round trip; the setting ends with the statement's own transaction. What is joined laterally is looked for when the row
 * before it is there, which is when the tenant is set.
 */
const inTenant = (name: string, select: string): ReadStatement => ({
  name: `cairn_${name}`,
  text: `with own as materialized (select set_config('cairn.tenant', $1, true) as tenant)
    select found.* from own cross join lateral (${select}) found`,
});

const events = (name: string, where: string): ReadStatement =>
  inTenant(name, `select ${EVENT_COLUMNS} from cairn.event where tenant = own.tenant and ${where}`);

/** Every read of the event store, by ordered search of one index each. The first value is the tenant. */
export const READ = {
  /** Values: stream, first revision, limit or null. */
  streamForwards: events('stream_forwards', 'stream = $2 and revision >= $3 order by revision limit $4'),
  /** Values: stream, last revision, limit or null. */
  streamBackwards: events('stream_backwards', 'stream = $2 and revision <= $3 order by revision desc limit $4'),
  /** Values: position before the first, limit. */
  logForwards: events('log_forwards', 'position > $2 order by position limit $3'),
  /** Values: position after the last, limit. */
  logBackwards: events('log_backwards', 'position < $2 order by position desc limit $3'),
  /** Values: id. */
  event: events('event', 'id = $2'),
  head: inTenant('head', 'select head from cairn.log where tenant = own.tenant'),
  /** Values: service. */
  fence: inTenant('fence', 'select token from cairn.lease where tenant = own.tenant and service = $2'),
  /** Values: streams, revisions. Which of these events there are, by their place in the list from 1. */
  places: inTenant(
    'places',
    `select given.place, here.position, date_part('epoch', here.recorded_at) * 1000
     from unnest($2::text[], $3::int[]) with ordinality as given (stream, revision, place)
     cross join lateral (
       select position, recorded_at from cairn.event
       where tenant = own.tenant and stream = given.stream and revision >= given.revision and revision <= given.revision
       order by revision limit 1
     ) here`,
  ),
} as const satisfies Readonly<Record<string, ReadStatement>>;
