import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { type Entry, FairGate } from './fair-gate.js';

/** A gate with an event loop that the test turns by hand, and a clock that only work moves. */
function gate(options: { inFlight?: number; perTenant?: number; perPerson?: number } = {}) {
  let now = 0;
  let next: (() => void) | undefined;
  const fair = new FairGate({
    inFlight: () => options.inFlight ?? 1_000,
    waiting: { perTenant: options.perTenant ?? 1_000, perPerson: options.perPerson ?? 1_000 },
    patience: 60_000,
    now: () => now,
    nextTurn: (callback) => (next = callback),
  });
  return {
    fair,
    pass: (milliseconds: number) => (now += milliseconds),
    /** Ends the turn of whoever was let in, after so much work of theirs. */
    turn: async (work = 1): Promise<void> => {
      await turn();
      now += work;
      const callback = next;
      next = undefined;
      callback?.();
      await turn();
    },
  };
}

/** Notes who came in, in order. */
function visits(fair: FairGate) {
  const came: string[] = [];
  const leaves: (() => void)[] = [];
  const enter = (tenant: string, person = 'somebody', gone?: AbortSignal): Promise<Entry> =>
    fair.enter(tenant, person, gone).then((entry) => {
      came.push(entry.kind === 'in' ? `${tenant} ${person}` : `${tenant} full`);
      if (entry.kind === 'in') leaves.push(entry.leave);
      return entry;
    });
  return { came, leaves, enter };
}

it('lets one in at a turn, at once when nobody waits', async () => {
  const { fair, turn: end } = gate();
  const { came, enter } = visits(fair);
  void enter('a');
  void enter('a');
  await turn();
  expect(came).toHaveLength(1);
  await end();
  expect(came).toHaveLength(2);
});

it('who asks seldom waits for one of a crowd', async () => {
  const { fair, turn: end } = gate();
  const { came, enter } = visits(fair);
  for (let n = 0; n < 100; n++) void enter('noisy');
  for (let n = 0; n < 10; n++) await end(5);
  void enter('quiet');
  await end(5);
  await end(5);
  expect(came.indexOf('quiet somebody')).toBeLessThanOrEqual(12);
  expect(came.at(-1)).toBe('noisy somebody');
});

it('being away earns nothing', async () => {
  const { fair, turn: end } = gate();
  const { came, leaves, enter } = visits(fair);
  void enter('back again');
  await end(1);
  leaves.splice(0).forEach((leave) => leave());
  for (let n = 0; n < 50; n++) void enter('busy');
  for (let n = 0; n < 20; n++) await end(10);
  const before = came.length;
  for (let n = 0; n < 20; n++) void enter('back again');
  for (let n = 0; n < 10; n++) await end(10);
  expect(came.slice(before).filter((who) => who.startsWith('busy')).length).toBeGreaterThanOrEqual(4);
});

it('tenants that always wait have the same time of the loop, whatever one of theirs takes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 5 }), async (work) => {
      const { fair, turn: end } = gate();
      const { came, enter } = visits(fair);
      for (let n = 0; n < 400; n++) work.forEach((_, tenant) => void enter(String(tenant)));
      const had = work.map(() => 0);
      await turn();
      for (let n = 0; n < 300; n++) {
        const tenant = Number(came.at(-1)!.split(' ')[0]);
        had[tenant]! += work[tenant]!;
        await end(work[tenant]);
      }
      expect(Math.max(...had) - Math.min(...had)).toBeLessThanOrEqual(2 * Math.max(...work));
    }),
    { numRuns: 10 },
  );
});

it('the people of a tenant take turns', async () => {
  const { fair, turn: end } = gate();
  const { came, enter } = visits(fair);
  for (let n = 0; n < 5; n++) void enter('t', 'a');
  void enter('t', 'b');
  for (let n = 0; n < 6; n++) await end();
  expect(came.slice(0, 3)).toEqual(['t a', 't a', 't b']);
});

it('no more are inside than may be, and who leaves makes room', async () => {
  const { fair, turn: end } = gate({ inFlight: 2 });
  const { came, leaves, enter } = visits(fair);
  for (let n = 0; n < 3; n++) void enter('a');
  for (let n = 0; n < 5; n++) await end();
  expect(came).toHaveLength(2);
  leaves[0]!();
  leaves[0]!();
  await turn();
  expect(came).toHaveLength(3);
});

it('too many are turned away: of the tenant, and of one person', async () => {
  const { fair } = gate({ perTenant: 3, perPerson: 2 });
  const { came, enter } = visits(fair);
  // The first is inside; the others wait.
  for (const person of ['a', 'a', 'a', 'a', 'b', 'c']) void enter('t', person);
  await turn();
  expect(came).toEqual(['t a', 't full', 't full']);
});

it('nobody of a tenant whose budget is used up comes in, until it is not; others do', async () => {
  const { fair, pass, turn: end } = gate();
  const { came, enter } = visits(fair);
  fair.close('poor', 500);
  void enter('poor');
  void enter('rich');
  await end();
  expect([came, fair.closedFor('poor')]).toEqual([['rich somebody'], 499]);
  pass(500);
  void enter('rich');
  await end();
  await end();
  expect(came).toContain('poor somebody');
});

it('who goes away does not keep a place', async () => {
  const { fair, turn: end } = gate({ perPerson: 1 });
  const { came, enter } = visits(fair);
  const gone = new AbortController();
  void enter('a', 'p');
  void enter('a', 'p', gone.signal);
  gone.abort();
  await turn();
  void enter('a', 'p');
  await end();
  expect(came).toEqual(['a p', 'a full', 'a p']);
});
