import { beforeAll, describe, expect, it } from '@jest/globals';
import { benchAppend, followed } from '../../apps/cli/src/bench/append.js';
import type { Contender, Deliver } from '../../apps/cli/src/bench/contenders/contender.js';
import { laboratoryOn } from '../../apps/cli/src/bench/laboratory.js';
import { passes } from '../../apps/cli/src/bench/main.js';
import { render, type Section } from '../../apps/cli/src/bench/report.js';
import { Witness } from '../../apps/cli/src/bench/witness.js';
import { Run } from '../../apps/cli/src/bench/workload.js';

describe('the bench of appends, run for a moment', () => {
  let section: Section;

  beforeAll(async () => {
    const laboratory = laboratoryOn(process.env['TEST_DATABASE_URL']!);
    try {
      const plan = { writers: [8], rounds: 1, measured: 150, warmUp: 50, contested: 150, copyRows: 1_000 };
      section = await benchAppend(laboratory, plan);
    } finally {
      await laboratory.close();
    }
  }, 60_000);

  it('has every contender append, and finds no fault in Cairn', () => {
    const inserts = ['one insert per transaction', 'one prepared insert per transaction'];
    const names = ['cairn', ...inserts, 'message-db', 'emmett'];
    expect(section.correctness.map(({ contender }) => contender)).toEqual(names);
    for (const { acknowledged } of section.correctness) expect(acknowledged).toBeGreaterThan(0);
    expect(section.correctness[0]).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, falselyRejected: 0 });
    expect(section.correctness[0]!.acknowledged).toBeGreaterThan(100);
    expect(passes(section, true)).toBe(true);
  });

  it('prints ratios and all four counts', () => {
    const text = render(section);
    for (const word of ['emmett', 'message-db', 'COPY', 'lost', 'duplicated', 'reordered', 'falsely rejected']) {
      expect(text).toContain(word);
    }
  });

  it('fails for a fault of Cairn, not for one of a peer', () => {
    const faulty = (contender: string): Section => ({
      ...section,
      correctness: section.correctness.map((c) => (c.contender === contender ? { ...c, lost: 1 } : c)),
    });
    expect(passes(faulty('cairn'), true)).toBe(false);
    expect(passes(faulty('emmett'), true)).toBe(true);
  });
});

/** A store in memory whose reader is given what `tamper` makes of the log. */
function faultyStore(tamper: (deliver: Deliver) => Deliver, refuses = false): Contender {
  const log: [id: string, stream: string, revision: number][] = [];
  const lengths = new Map<string, number>();
  let refused = false;
  let arrived = Promise.withResolvers<undefined>();
  return {
    name: 'faulty',
    append: async ({ id, stream }) => {
      await new Promise(setImmediate);
      if (refuses && !refused && log.length > 20) {
        refused = true;
        return 'refused';
      }
      const revision = lengths.get(stream) ?? 0;
      lengths.set(stream, revision + 1);
      log.push([id, stream, revision]);
      arrived.resolve(undefined);
      return 'appended';
    },
    follow: async (deliver, signal) => {
      const tampered = tamper(deliver);
      signal.addEventListener('abort', () => arrived.resolve(undefined));
      for (let next = 0; !signal.aborted;) {
        while (next < log.length) tampered(...log[next++]!);
        await arrived.promise;
        arrived = Promise.withResolvers<undefined>();
      }
    },
    close: async () => undefined,
  };
}

/** Lets the n-th delivery through a fault. */
const nth = (place: number, fault: (deliver: Deliver, ...delivery: Parameters<Deliver>) => void) => {
  let count = 0;
  return (deliver: Deliver): Deliver =>
    (...delivery) =>
      ++count === place ? fault(deliver, ...delivery) : deliver(...delivery);
};

describe('a store with a fault put in', () => {
  const countsOf = async (contender: Contender) => {
    const run = new Run(contender, new Witness());
    await followed(run, () => run.appendKnown(4, 0, 60), 200);
    return run.witness.counts();
  };
  const faultless = { lost: 0, duplicated: 0, reordered: 0, falselyRejected: 0 };

  it('is counted as faultless without one', async () => {
    expect(await countsOf(faultyStore((deliver) => deliver))).toEqual(faultless);
  });

  it('that loses an event is counted', async () => {
    expect(await countsOf(faultyStore(nth(10, () => undefined)))).toEqual({ ...faultless, lost: 1 });
  });

  it('that delivers an event twice is counted', async () => {
    const twice = nth(10, (deliver, ...delivery) => {
      deliver(...delivery);
      deliver(...delivery);
    });
    expect(await countsOf(faultyStore(twice))).toEqual({ ...faultless, duplicated: 1 });
  });

  it('that delivers an event too late is counted', async () => {
    let kept: Parameters<Deliver> | undefined;
    let since = 0;
    const late = (deliver: Deliver): Deliver => {
      const first = nth(10, (_, ...delivery) => (kept = delivery))(deliver);
      return (...delivery) => {
        first(...delivery);
        if (kept && ++since === 20) deliver(...kept);
      };
    };
    expect(await countsOf(faultyStore(late))).toEqual({ ...faultless, reordered: 1 });
  });

  it('that refuses an append for nothing is counted', async () => {
    expect(await countsOf(faultyStore((deliver) => deliver, true))).toEqual({ ...faultless, falselyRejected: 1 });
  });
});
