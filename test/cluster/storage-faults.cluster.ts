import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EventStoreUnavailable, streamName } from '@cairn/event-sourcing';
import type { PostgresEventStore } from '@cairn/platform';
import pg from 'pg';
import { catalogue } from '../../apps/alerter/src/catalogue.js';
import { FaultyPostgres } from '../support/faulty-postgres.js';
import { eventually } from '../support/launched-cairn.js';
import { query } from '../support/projection-kit.js';
import { followAlerts, ReceivedAlerts } from '../support/received-alerts.js';
import { rounds } from '../support/rounds.js';
import { offerSupport, recording, setUpTrial, type SignedIn } from '../support/running-api.js';
import { discharged, recordable, registered } from '../support/watched-log.js';
import { lose, TENANT, WholeMachine } from '../support/whole-machine.js';

const WRITERS = 8;
/** What one append has, and one batch of the control. */
const EVENTS_OF_BATCH = 3;
/** Between two appends of a writer: what is recorded is looked at by everybody else as well. */
const BREATH_MS = 60;
const HEALED_WITHIN_MS = 10_000;
const DAY = 86_400_000;
const DISCHARGE = Math.floor(Date.now() / DAY) * DAY - 4 * DAY;

let faulty: FaultyPostgres;
let machine: WholeMachine;
let manager: SignedIn;
let store: PostgresEventStore;
/** Tries a call once more and no more. */
let impatient: PostgresEventStore;
const alerts = new ReceivedAlerts();
const pushed: string[] = [];
const ending = new AbortController();
let following: Promise<void>;
let webSocket: ReturnType<SignedIn['webSocket']>;
let people = 0;

beforeAll(async () => {
  faulty = await FaultyPostgres.start();
  const places = await WholeMachine.places();
  const wired = (url: string): string => faulty.wired(url);
  const database = { url: faulty.ownUrl, wired, stop: () => faulty.stop() };
  machine = await WholeMachine.start(places, { erasuresDir: path.join(places.dataDir, 'erasures'), database });
  store = machine.store();
  impatient = machine.store([20]);
  await query(faulty.ownUrl, 'create table public.naive (batch uuid, part int)');
  manager = await machine.as('max', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  await setUpTrial(manager, 'T');
  await offerSupport(manager, 'T', 'S1', 'P1');
  const trials = [registered('A', { followUpWithinDays: 1 }), registered('B')].flat();
  for (const each of recordable(trials)) await store.append(TENANT, each);
  // A stream of alerts and a live table, which nobody opens again but as every client does that is cut off.
  const { url, token } = manager;
  const begun = Promise.withResolvers<void>();
  following = followAlerts({
    url: `${url}/alerts/A`,
    token,
    begun: begun.resolve,
    take: (alert) => alerts.take(alert),
    signal: ending.signal,
  });
  await begun.promise;
  const table = 'subscription { engagementChanged(trial: "A") { position overall { randomised } } }';
  webSocket = manager.webSocket();
  webSocket.subscribe(
    { query: table },
    { next: (answer) => pushed.push(JSON.stringify(answer)), error: () => undefined, complete: () => undefined },
  );
}, 120_000);
afterAll(async () => {
  ending.abort();
  await following;
  await webSocket.dispose();
  await machine.stop();
  await lose(machine.places);
}, 60_000);

/** What goes on while something fails, and what was said to whoever does it. */
class Load {
  readonly acknowledged: string[] = [];
  readonly errors: unknown[] = [];
  readonly answers: string[] = [];
  /** Of the control: statements that were done. */
  private naive = 0;
  private running = true;
  private readonly work: readonly Promise<void>[];

  constructor() {
    this.work = [
      ...Array.from({ length: WRITERS }, (_, writer) => this.append(writer % 2 === 0 ? store : impatient)),
      ...Array.from({ length: WRITERS }, () => this.writeNaively()),
      this.command(),
    ];
  }

  get isUnderWay(): boolean {
    return this.acknowledged.length > WRITERS && this.answers.length > 0 && this.naive > WRITERS * EVENTS_OF_BATCH;
  }

  async end(): Promise<void> {
    this.running = false;
    await Promise.all(this.work);
  }

  /** As a client does: what is not known to be stored is sent again. */
  private async append(by: PostgresEventStore): Promise<void> {
    while (this.running) {
      const commandId = randomUUID();
      const participant = commandId.slice(0, 13);
      const events = discharged('B', participant, DISCHARGE).map((event) => catalogue.encode(event));
      for (let known = false; !known;) {
        try {
          await by.append(TENANT, {
            stream: streamName('B', 'participant', participant),
            expected: 'any',
            commandId,
            actor: 'test',
            events,
          });
          this.acknowledged.push(commandId);
          known = true;
          await pause(BREATH_MS);
        } catch (error) {
          this.errors.push(error);
          // Nothing else may be sent again; the test tells what it was.
          if (!(error instanceof EventStoreUnavailable)) return;
        }
      }
    }
  }

  /** Through the api: an answer, or an error that says that the same may be sent again. */
  private async command(): Promise<void> {
    while (this.running) {
      const contact = { trial: 'T', participant: 'P1', worker: 'S1-W', contact: randomUUID() };
      const more = { mode: 'FACE_TO_FACE', outcome: 'ATTENDED', occurredAt: '2020-02-01T10:00:00Z' };
      const input = { commandId: randomUUID(), ...contact, ...more };
      for (let known = false; !known;) {
        const { status, data, errors } = await manager.graphql(recording('recordWardContact'), { input });
        known = errors === undefined;
        const { position, code } = (data?.['recordWardContact'] ?? {}) as { position?: string; code?: string };
        this.answers.push(errors ? `${status} ${errors[0]!.extensions.code}` : position ? 'accepted' : String(code));
        if (errors && status !== 503) return;
        await pause(20);
      }
    }
  }

  /** The control: three statements, no transaction, and whatever fails is given up. */
  private async writeNaively(): Promise<void> {
    while (this.running) {
      const client = new pg.Client({
        connectionString: faulty.url,
        query_timeout: 300,
        connectionTimeoutMillis: 3_000,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        while (this.running) {
          const batch = randomUUID();
          for (let part = 0; part < EVENTS_OF_BATCH; part++) {
            await client.query('insert into public.naive values ($1, $2)', [batch, part]);
            this.naive++;
            await pause(10);
          }
        }
      } catch {
        await pause(50);
      } finally {
        void client.end().catch(() => undefined);
      }
    }
  }
}

/** Batches of which some is there and some is not. */
const naivePartial = () =>
  query(faulty.ownUrl, `select batch from public.naive group by batch having count(*) <> ${EVENTS_OF_BATCH}`);

/** What is stored of the appends. */
const stored = () =>
  query<{ command: string; events: string }>(
    faulty.ownUrl,
    `select command_id as command, count(*) as events from cairn.event
     where tenant = $1 and stream like 'B/participant/%' group by command_id`,
    [TENANT],
  );

/** Waits until all of it works again without anybody's help. @returns what took how long, in milliseconds */
async function healing(): Promise<Readonly<Record<string, number>>> {
  const began = performance.now();
  const took: Record<string, number> = {};
  const within = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    await eventually(what, async () => {
      await pause(50);
      return holds().catch(() => false);
    });
    took[what] = Math.round(performance.now() - began);
  };
  const person = `P${people++}`;
  const [before, told] = [pushed.length, alerts.first.length];
  await within('recorded', async () => {
    for (const each of recordable(discharged('A', person, DISCHARGE))) await store.append(TENANT, each);
    return true;
  });
  const head = String(await store.head(TENANT));
  const is = (sql: string) => async (): Promise<boolean> =>
    (await query<{ is: boolean }>(faulty.ownUrl, sql, [TENANT, head]))[0]?.is === true;
  await Promise.all([
    within(
      'shown',
      is(`select bool_and(c.position >= $2) as is from read_model.checkpoint c join read_model.generation g
            using (projection, generation) where c.tenant = $1 and g.state = 'serving'`),
    ),
    within('signed', is('select position >= $2 and halted_reason is null as is from cairn.notary where tenant = $1')),
    within('watched', is('select position >= $2 as is from alerting.watch where tenant = $1')),
    within('alerts are told', async () => alerts.first.length > told),
    within('the live table is pushed', async () => pushed.length > before),
  ]);
  return took;
}

interface Fault {
  readonly what: string;
  readonly strike: () => Promise<void>;
  readonly mend: () => Promise<void>;
  readonly forMs: number;
  /** Whether somebody who does not try again is told; else it only takes longer. */
  readonly isTold: boolean;
}

const restarts = (['SIGINT', 'SIGQUIT', 'SIGKILL'] as const).map((signal): Fault => ({
  what: `restarted by ${signal}`,
  strike: () => faulty.restart(signal),
  mend: async () => undefined,
  forMs: 0,
  isTold: true,
}));
const faults: readonly Fault[] = [
  ...restarts,
  { what: 'full', strike: async () => faulty.fill(), mend: () => faulty.makeRoom(), forMs: 4_500, isTold: true },
  {
    what: 'read-only',
    strike: () => faulty.setReadOnly(true),
    mend: () => faulty.setReadOnly(false),
    forMs: 4_500,
    isTold: true,
  },
  { what: 'slow', strike: async () => faulty.slow(700), mend: async () => faulty.slow(0), forMs: 4_000, isTold: false },
  {
    what: 'cut off',
    strike: async () => faulty.cut(true),
    mend: async () => faulty.cut(false),
    forMs: 3_000,
    isTold: false,
  },
  {
    what: 'failing fsync',
    strike: () => faulty.failFsync(),
    mend: () => faulty.mendFsync(),
    forMs: 4_500,
    isTold: true,
  },
];

for (let round = 1; round <= rounds({ ci: 1, night: 10 }); round++) {
  it.each(faults)(
    `PostgreSQL is $what (round ${round}): errors that say so, no part of a batch, nothing lost, and all goes on by itself`,
    async ({ strike, mend, forMs, isTold }) => {
      await query(faulty.ownUrl, 'truncate public.naive');
      // What it takes on this machine with nothing wrong is no part of healing.
      const undisturbed = Math.max(...Object.values(await healing()));
      const load = new Load();
      await eventually('everybody is at work', () => load.isUnderWay);
      await strike();
      await pause(forMs);
      await mend();
      const healed = healing();
      await load.end();
      const took = await healed;

      // The control: whoever does without what the store does is harmed by the same fault.
      expect((await naivePartial()).length).toBeGreaterThan(0);

      if (isTold) expect(load.errors.length).toBeGreaterThan(0);
      const kinds = new Set(load.errors.map((error) => (error as Error).name));
      expect([...kinds].filter((kind) => kind !== 'EventStoreUnavailable')).toEqual([]);
      const answers = new Set(load.answers);
      expect([...answers].filter((each) => !['accepted', '503 SERVICE_UNAVAILABLE'].includes(each))).toEqual([]);
      const rows = await stored();
      expect(rows.filter(({ events }) => Number(events) !== EVENTS_OF_BATCH)).toEqual([]);
      const there = new Set(rows.map(({ command }) => command));
      expect(load.acknowledged.filter((command) => !there.has(command))).toEqual([]);
      expect(load.acknowledged.length).toBeGreaterThan(0);
      for (const [what, ms] of Object.entries(took)) {
        expect({ what, inTime: ms < HEALED_WITHIN_MS + undisturbed }).toEqual({ what, inTime: true });
      }
    },
    120_000,
  );
}

it('the read models are those that the log makes', async () => {
  const documents = async () => {
    const serving = await query<{ projection: string; generation: number }>(
      faulty.ownUrl,
      `select projection, generation from read_model.generation where state = 'serving' order by projection`,
    );
    const found: Record<string, unknown> = {};
    for (const { projection, generation } of serving) {
      const table = `read_model.${projection}_g${generation}`;
      const text = `select md5(string_agg(scope || id || document::text, '|' order by scope, id)) as documents from ${table}`;
      found[projection] = { generation, documents: (await query(faulty.ownUrl, text))[0] };
    }
    return found as Readonly<Record<string, { readonly generation: number; readonly documents: unknown }>>;
  };
  // Nobody records any more; what the rules find in it may still come.
  const positions = async (): Promise<readonly string[]> =>
    (
      await query<{ position: string }>(
        faulty.ownUrl,
        `select head as position from cairn.log where tenant = $1
         union select position from alerting.watch where tenant = $1
         union select c.position from read_model.checkpoint c join read_model.generation g using (projection, generation)
           where c.tenant = $1 and g.state = 'serving'`,
        [TENANT],
      )
    ).map(({ position }) => position);
  let quiet: string | undefined;
  await eventually('everybody is at the end of the log', async () => {
    const [head, ...others] = await positions();
    const isSame = others.length === 0 && head === quiet;
    quiet = others.length === 0 ? head : undefined;
    await pause(2_000);
    return isSame;
  });
  const before = await documents();
  for (const name of Object.keys(before)) await query(faulty.ownUrl, 'select read_model.request_rebuild($1)', [name]);
  await eventually('they are built again', async () => {
    await pause(200);
    const now = await documents();
    return Object.entries(before).every(([name, { generation }]) => now[name]!.generation > generation);
  });
  const after = await documents();
  for (const [name, { documents: made }] of Object.entries(before))
    expect({ name, made }).toEqual({ name, made: after[name]!.documents });
}, 120_000);
