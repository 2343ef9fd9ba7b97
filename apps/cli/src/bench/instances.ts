import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { LOG_START, type Position } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import type { AppendedInTurn, AppendingTurn } from './appending-instance.js';
import type { BenchContext } from './context.js';
import { query } from './laboratory.js';
import { median, rangeOf, type Section } from './report.js';
import { type AcknowledgedAppend, type CorrectnessCounts, type Delivery, judge } from './witness.js';

const TENANTS = Array.from({ length: 64 }, (_, nth) => `tenant-${String(nth + 1).padStart(2, '0')}`);
const WRITERS = 64;
/** To one tenant, whom all write to. */
const ONE = ['one'];
const WRITERS_TO_ONE = 32;

/** Two instances that append against one, to many tenants and to a single one, with as many writers altogether. */
export async function benchInstances({ laboratory, scale }: BenchContext): Promise<Section> {
  const url = await laboratory.createCairn('instances');
  const instances = await Promise.all(['a', 'b'].map((name) => Instance.start(url, name)));
  const { instanceRounds: rounds, quick } = scale;
  const times = quick ? { warmUp: 100, measured: 300 } : { warmUp: 500, measured: 2_000 };
  const rates = { one: [] as number[], two: [] as number[], oneTenant: [] as number[], twoTenant: [] as number[] };
  const batches = { one: [] as number[], two: [] as number[] };
  const witnessed = new Witnessed();
  const turn = async (of: readonly Instance[], tenants: readonly string[], writers: number): Promise<number> => {
    const work = { tenants, writers: writers / of.length, ...times };
    const told = await Promise.all(of.map((instance) => instance.append(work)));
    for (const each of told) witnessed.add(each);
    return (told.reduce((sum, { counted }) => sum + counted, 0) / times.measured) * 1_000;
  };
  try {
    for (let round = 0; round < rounds; round++) {
      const turns = [
        async () => void rates.one.push(await turn(instances.slice(0, 1), TENANTS, WRITERS)),
        async () => void rates.two.push(await turn(instances, TENANTS, WRITERS)),
      ];
      for (const next of round % 2 === 0 ? turns : turns.reverse()) await next();
    }
    for (let round = 0; round < rounds; round++) {
      for (const [rate, batch, of] of [
        [rates.oneTenant, batches.one, instances.slice(0, 1)],
        [rates.twoTenant, batches.two, instances],
      ] as const) {
        const before = await headOf(url, ONE[0]!);
        rate.push(await turn(of, ONE, WRITERS_TO_ONE));
        batch.push(await appendsPerTransaction(url, ONE[0]!, before));
      }
    }
    const counts = await witnessed.against(url);
    const ratio = (a: readonly number[], b: readonly number[]): number => median(a.map((rate, nth) => rate / b[nth]!));
    return {
      name: 'instances',
      title: `Two instances that append against one, as many writers altogether, ${rounds} rounds`,
      targets: [
        {
          title: `appends to ${TENANTS.length} tenants, ${WRITERS} writers, two / one`,
          figure: ratio(rates.two, rates.one),
          atLeast: 1,
          unit: '×',
        },
        {
          title: `appends per transaction, two instances, one tenant, ${WRITERS_TO_ONE} writers`,
          figure: median(batches.two),
          atLeast: 2,
          unit: '',
        },
      ],
      correctness: [{ contender: 'cairn', ...counts }],
      figures: [
        { title: `one, ${TENANTS.length} tenants`, figure: median(rates.one), unit: '/s', range: rangeOf(rates.one) },
        { title: `two, ${TENANTS.length} tenants`, figure: median(rates.two), unit: '/s', range: rangeOf(rates.two) },
        { title: 'one, one tenant', figure: median(rates.oneTenant), unit: '/s', range: rangeOf(rates.oneTenant) },
        { title: 'two, one tenant', figure: median(rates.twoTenant), unit: '/s', range: rangeOf(rates.twoTenant) },
        { title: 'two / one, one tenant', figure: ratio(rates.twoTenant, rates.oneTenant), unit: '×' },
        {
          title: 'appends per transaction, one instance, one tenant',
          figure: median(batches.one),
          unit: '',
          range: rangeOf(batches.one),
        },
      ],
      notes: ['An instance is a process with an event store of its own.'],
    };
  } finally {
    for (const instance of instances) await instance.stop();
  }
}

class Instance {
  private readonly ended: Promise<never>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'exit').then(([code]) => {
      throw new Error(`an instance that appends ended with ${code}`);
    });
    this.ended.catch(() => undefined);
  }

  static async start(url: string, name: string): Promise<Instance> {
    const child = fork(new URL('./appending-instance.js', import.meta.url), [url, name], {
      serialization: 'advanced',
    });
    await once(child, 'message');
    return new Instance(child);
  }

  async append(turn: AppendingTurn): Promise<AppendedInTurn> {
    const told = new Promise<AppendedInTurn>((resolve) => this.child.once('message', resolve));
    this.child.send(turn);
    return Promise.race([told, this.ended]);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.disconnect();
    await this.ended.catch(() => undefined);
  }
}

/** What all instances were promised, tenant by tenant. */
class Witnessed {
  private readonly appends = new Map<string, AcknowledgedAppend[]>();
  private refused = 0;

  add({ appends, refused }: AppendedInTurn): void {
    this.refused += refused;
    for (const [tenant, all] of appends) {
      const known = this.appends.get(tenant) ?? [];
      for (const append of all) known.push(append);
      this.appends.set(tenant, known);
    }
  }

  /** Judges each tenant's log by itself, from its start to its end. */
  async against(url: string): Promise<CorrectnessCounts & { readonly acknowledged: number }> {
    const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
    const sum = { acknowledged: 0, lost: 0, duplicated: 0, reordered: 0, falselyRejected: this.refused };
    try {
      for (const [tenant, appends] of this.appends) {
        const { lost, duplicated, reordered } = judge(appends, await deliveries(store, tenant));
        sum.acknowledged += appends.length;
        sum.lost += lost;
        sum.duplicated += duplicated;
        sum.reordered += reordered;
      }
    } finally {
      await store.close();
    }
    return sum;
  }
}

/** @throws when the log has a gap */
async function deliveries(store: PostgresEventStore, tenant: string): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (let position: Position = LOG_START; ;) {
    const page = await store.readLog(tenant, { from: position, limit: 5_000 });
    if (page.length === 0) return all;
    for (const event of page) {
      if (event.position !== ++position) throw new Error(`the log of ${tenant} has a gap before ${event.position}`);
      all.push({ id: event.commandId, stream: event.stream, revision: event.revision });
    }
  }
}

async function headOf(url: string, tenant: string): Promise<string> {
  const { rows } = await query(url, `select coalesce(max(head), 0) as head from cairn.log where tenant = '${tenant}'`);
  return (rows[0] as { readonly head: string }).head;
}

/** A row knows the transaction that it came with. */
async function appendsPerTransaction(url: string, tenant: string, after: string): Promise<number> {
  const { rows } = await query(
    url,
    `select count(*)::float8 / count(distinct xmin::text) as each from cairn.event
     where tenant = '${tenant}' and position > ${after}`,
  );
  return (rows[0] as { readonly each: number }).each;
}
