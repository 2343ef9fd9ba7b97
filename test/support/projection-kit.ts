import { randomUUID } from 'node:crypto';
import {
  type DomainEvent,
  type EventStore,
  EventCatalogue,
  eventType,
  type Fact,
  type Position,
  type Projection,
  type TenantId,
} from '@cairn/event-sourcing';
import { ProjectionRunner, type ProjectionRunnerOptions } from '@cairn/platform';
import pg from 'pg';

type Met = DomainEvent<'Met', { trial: string; participant: string; minutes: number; poison?: string }>;
type Visited = DomainEvent<'Visited', { trial: string; site: string }>;

const anyData = <Data>() => ({ parse: (data: unknown) => data as Data });

/** Two small event types, enough to drive projections without any context. */
export const kitCatalogue = new EventCatalogue([
  eventType('Met', anyData<Met['data']>()),
  eventType('Visited', anyData<Visited['data']>()),
]);

const fact = <E extends DomainEvent>(position: number, event: E): Fact<E> =>
  ({
    ...event,
    schemaVersion: 1,
    id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    tenant: 'specimen',
    stream: 'specimen',
    revision: position - 1,
    position: BigInt(position),
    recordedAt: position,
    actor: 'specimen',
    commandId: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    correlationId: '',
    causationId: '',
    metadata: {},
  }) as unknown as Fact<E>;

const met = (position: number, minutes: number): Fact<Met> =>
  fact(position, { type: 'Met', occurredAt: 1, data: { trial: 't', participant: 'p', minutes } });

export interface Meetings {
  /** In log order: an event applied twice, left out or out of order shows. */
  readonly minutes: readonly number[];
  readonly last: string;
}

/** Meetings by participant. Throws on what `poison` names, as code with a fault would. */
export const meetings = (
  options: { readonly version?: number; readonly poison?: (data: Met['data']) => boolean; readonly note?: string } = {},
): Projection<Meetings, Met> => ({
  name: 'meetings',
  version: options.version ?? 1,
  eventTypes: ['Met'],
  keyOf: ({ data }) => ({ scope: data.trial, id: data.participant }),
  evolve: (document, event) => {
    if (options.poison?.(event.data)) throw new Error(`cannot fold ${event.data.minutes} minutes`);
    return {
      minutes: [...(document?.minutes ?? []), event.data.minutes],
      last: event.id,
      ...(options.note !== undefined && { note: options.note }),
    };
  },
  specimen: [met(1, 10), met(2, 20)],
});

/** Visits by site: a second projection with other keys and documents that do not grow. */
export const visits: Projection<{ readonly visits: number }, Visited> = {
  name: 'visits',
  version: 1,
  eventTypes: ['Visited'],
  keyOf: ({ data }) => ({ scope: data.trial, id: data.site }),
  evolve: (document) => ({ visits: (document?.visits ?? 0) + 1 }),
  specimen: [fact(1, { type: 'Visited', occurredAt: 1, data: { trial: 't', site: 's' } })],
};

/** Appends one event. @returns its position */
export async function record(
  store: EventStore,
  tenant: TenantId,
  type: 'Met' | 'Visited' | (string & {}),
  data: object,
  schemaVersion = 1,
): Promise<Position> {
  const outcome = await store.append(tenant, {
    stream: 'kit',
    expected: 'any',
    commandId: randomUUID(),
    events: [{ type, schemaVersion, occurredAt: 0, payload: JSON.stringify(data) }],
    actor: 'kit',
  });
  if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`);
  return outcome.positions[0]!;
}

/** Appends so many meetings and visits, spread over trials, participants and sites. */
export async function recordMany(store: EventStore, tenant: TenantId, count: number, from = 0): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => {
    const n = from + at;
    const trial = `trial-${n % 2}`;
    return n % 5 === 4
      ? { type: 'Visited', data: { trial, site: `S${n % 3}` } }
      : { type: 'Met', data: { trial, participant: `P${n % 13} \\ "quoted"`, minutes: n } };
  });
  for (let start = 0; start < count; start += 200) {
    await store.append(tenant, {
      stream: 'kit',
      expected: 'any',
      commandId: randomUUID(),
      events: events.slice(start, start + 200).map(({ type, data }) => ({
        type,
        schemaVersion: 1,
        occurredAt: 0,
        payload: JSON.stringify(data),
      })),
      actor: 'kit',
    });
  }
}

export interface StoredRow {
  readonly tenant: string;
  readonly scope: string;
  readonly id: string;
  readonly position: string;
  readonly document: string;
}

/** Every row of a table or view of the read models, past row-level security. */
export async function storedRows(url: string, relation: string): Promise<StoredRow[]> {
  return query<StoredRow>(url, `select * from read_model.${relation} order by tenant, scope, id`);
}

/** One statement on a connection of its own, as the server's superuser. */
export async function query<Row extends object>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Asks again until it is so. @throws after ten seconds, with what it last was */
export async function until<Value>(
  look: () => Promise<Value>,
  enough: (value: Value) => boolean,
  withinMs = 10_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (enough(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`still ${JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v))}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A runner on the kit's projections, started. */
export async function startRunner(
  options: Pick<ProjectionRunnerOptions, 'url' | 'store'> & Partial<ProjectionRunnerOptions>,
): Promise<ProjectionRunner> {
  const runner = new ProjectionRunner({
    catalogue: kitCatalogue,
    projections: [{ projection: meetings() }, { projection: visits }],
    ...options,
  });
  await runner.start();
  started.push(runner);
  return runner;
}

const started: ProjectionRunner[] = [];

/** Stops what `startRunner` started; once stopped, a runner may be stopped again. */
export async function stopRunners(): Promise<void> {
  await Promise.all(started.splice(0).map((runner) => runner.stop()));
}
