import { setTimeout as wait } from 'node:timers/promises';
import { cairn } from './contenders/cairn.js';
import type { Contender } from './contenders/contender.js';
import { CopyLimit } from './contenders/copy.js';
import { emmett } from './contenders/emmett.js';
import { messageDb } from './contenders/message-db.js';
import { singleInserts } from './contenders/single-inserts.js';
import type { Laboratory } from './laboratory.js';
import { type Figure, median, rangeOf, type Section, type Target } from './report.js';
import { Witness } from './witness.js';
import { payloads, Run, STREAMS } from './workload.js';

export interface AppendPlan {
  readonly writers: readonly number[];
  readonly rounds: number;
  /** Milliseconds of each contender's turn that are counted. */
  readonly measured: number;
  readonly warmUp: number;
  /** Milliseconds in which many writers write to few streams without an expectation. */
  readonly contested: number;
  /** Rows of one COPY; 0 leaves it out. */
  readonly copyRows: number;
}

export const FULL_APPEND: AppendPlan = {
  writers: [1, 32, 256],
  rounds: 5,
  measured: 2_000,
  warmUp: 500,
  contested: 2_000,
  copyRows: 100_000,
};

export const QUICK_APPEND: AppendPlan = {
  writers: [32],
  rounds: 1,
  measured: 300,
  warmUp: 100,
  contested: 300,
  copyRows: 10_000,
};

const TENANT = 'bench';

/**
 * Contenders take turns, round after round, so that what else the machine does hits all of them alike; ratios are of
 * turns of the same round, and the median of the rounds counts. During its turn a contender's log is followed by a reader
 * in this process, which is what a log is for; before the next turn the reader may come to the end.
 */
export async function benchAppend(laboratory: Laboratory, plan: AppendPlan): Promise<Section> {
  const own = await laboratory.createCairn('cairn');
  const contenders: Contender[] = [cairn(own, TENANT)];
  const rates = new Map<string, number[]>();
  const runs: Run[] = [];
  try {
    contenders.push(await singleInserts(own, TENANT, { prepared: false }));
    contenders.push(await singleInserts(own, TENANT, { prepared: true }));
    contenders.push(await messageDb(await laboratory.createDatabase('message_db')));
    contenders.push(await emmett(await laboratory.createDatabase('emmett')));
    const copy = await CopyLimit.open(own, 'copied');
    runs.push(...contenders.map((contender) => new Run(contender, new Witness())));
    try {
      for (const writers of plan.writers) {
        for (let round = 0; round < plan.rounds; round++) {
          for (const run of runs) {
            const rate = await followed(run, () => run.appendKnown(writers, plan.warmUp, plan.measured));
            note(rates, rateKey(run.contender.name, writers), rate);
          }
          if (plan.copyRows > 0) {
            note(rates, rateKey('COPY', writers), await copy.run(TENANT, plan.copyRows, STREAMS, payloads));
          }
        }
      }
      for (const run of runs)
        await followed(run, () => run.appendContested(Math.min(32, Math.max(...plan.writers)), plan.contested));
    } finally {
      await copy.close();
    }
  } finally {
    for (const contender of contenders) await contender.close();
  }
  return {
    name: 'append',
    title: 'Single-event appends, followed by a tailing reader',
    targets: targets(rates, plan),
    correctness: runs.map(({ contender, witness }) => ({
      contender: contender.name,
      acknowledged: witness.acknowledgedCount,
      ...witness.counts(),
    })),
    figures: [...rates].map(([title, all]): Figure => ({
      title,
      figure: median(all),
      unit: '/s',
      range: rangeOf(all),
    })),
    notes: runs.flatMap(({ contender, failures }) =>
      [...failures].map(([message, count]) => `${contender.name}: ${count} appends failed with "${message}"`),
    ),
  };
}

/** What the issue of the append promises; a plan that leaves writers out leaves their targets out. */
function targets(rates: ReadonlyMap<string, readonly number[]>, plan: AppendPlan): Target[] {
  const ratio = (writers: number, peer: string, atLeast: number): Target[] => {
    const own = rates.get(rateKey('cairn', writers));
    const others = rates.get(rateKey(peer, writers));
    if (!own || !others) return [];
    const figure = median(own.map((rate, round) => rate / others[round]!));
    return [{ title: `cairn / ${peer}, ${writers} writers`, figure, atLeast, unit: '×' }];
  };
  return [
    ...ratio(32, 'emmett', 5),
    ...ratio(32, 'message-db', 5),
    ...ratio(32, 'one insert per transaction', 2),
    ...(plan.copyRows > 0 ? ratio(256, 'COPY', 0.3) : []),
  ];
}

/** How long a reader may be given nothing before it counts as having come to the end. emmett's looks once a second when idle. */
const QUIET_MS = 2_500;

/**
 * Does a piece of work while a reader follows the contender's log, and lets the reader come to the end.
 * @param quiet milliseconds without a delivery after which what is missing is taken for lost
 */
export async function followed<Result>(run: Run, work: () => Promise<Result>, quiet = QUIET_MS): Promise<Result> {
  const { contender, witness } = run;
  const end = new AbortController();
  const following = contender.follow((id, stream, revision) => witness.delivered(id, stream, revision), end.signal);
  try {
    return await Promise.race([work(), following.then(() => Promise.reject(new Error('the reader ended')))]);
  } finally {
    let count = witness.deliveryCount;
    let quietSince = performance.now();
    while (!witness.complete && performance.now() - quietSince < quiet) {
      await wait(5);
      if (witness.deliveryCount > count) quietSince = performance.now();
      count = witness.deliveryCount;
    }
    witness.giveUp();
    end.abort();
    await following;
  }
}

const rateKey = (contender: string, writers: number): string =>
  `${contender}, ${writers} ${writers === 1 ? 'writer' : 'writers'}`;

function note(rates: Map<string, number[]>, key: string, rate: number): void {
  rates.set(key, [...(rates.get(key) ?? []), rate]);
}
