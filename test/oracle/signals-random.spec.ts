import { defaultRules } from '@cairn/monitoring';
import { rounds } from '../support/rounds.js';
import { factsOf, linesOf, productSignals } from './signals-events.js';
import { oracleSignals } from './signals-oracle.js';
import { waitingSignals } from './signals-oracle-waiting.js';
import { randomRules } from './signals-random-rules.js';
import { randomWorld } from './signals-random-world.js';

const worlds = rounds({ ci: 16, night: 200 });

describe('any small trial', () => {
  it(
    'raises exactly the signals that walking through time finds, and every rule is tried',
    () => {
      const raised = new Map<string, number>();
      for (let seed = 1; seed <= worlds; seed++) {
        const { world, protocol, entries } = randomWorld(seed);
        const rules = defaultRules(protocol);
        const oracle = oracleSignals(world);
        const found = productSignals(rules, world, protocol, factsOf(entries));
        expect({ seed, signals: linesOf(found) }).toEqual({ seed, signals: linesOf(oracle) });
        for (const { rule } of oracle) raised.set(rule, (raised.get(rule) ?? 0) + 1);
        for (const { rule } of rules) if (!raised.has(rule)) raised.set(rule, 0);
      }
      expect([...raised].filter(([, count]) => count === 0)).toEqual([]);
    },
    worlds * 2_000,
  );

  it(
    'raises exactly the signals of rules of its own that wait for something, or find it missing',
    () => {
      let raised = 0;
      for (let seed = 1; seed <= worlds; seed++) {
        const { world, protocol, entries } = randomWorld(1_000 + seed);
        const rules = randomRules(seed, 4);
        const wanted = rules.flatMap(({ rule, condition }) =>
          condition.kind === 'absence' || condition.kind === 'sequence' ? waitingSignals(world, rule, condition) : [],
        );
        const found = productSignals(rules, world, protocol, factsOf(entries));
        expect({ seed, rules, signals: linesOf(found) }).toEqual({ seed, rules, signals: linesOf(wanted) });
        raised += wanted.length;
      }
      expect(raised).toBeGreaterThan(worlds * 10);
    },
    worlds * 2_000,
  );
});
