import { describe, expect, it } from '@jest/globals';
import {
  type CutMoment,
  type DiffCause,
  type TableValue,
  type TrialChange,
  trialDiff,
  trialTables,
} from '@cairn/monitoring';
import { rounds } from '../support/rounds.js';
import { type RandomLog, randomLog, registerAt } from './random-log.js';

/*
 * A diff against making the tables of both moments anew, with and without single events.
 */

const ROUNDS = rounds({ ci: 6, night: 200 });

type Values = ReadonlyMap<string, TableValue>;

function valuesAt(log: RandomLog, { position, occurredBefore }: CutMoment, left: ReadonlySet<string>): Values {
  const register = registerAt(log, position);
  const events = log.events.filter((event) => event.position <= position && !left.has(event.id));
  return new Map(
    trialTables({ register, events, occurredBefore }).flatMap(({ table, key, rows }) =>
      rows.flatMap((row) =>
        Object.entries(row).flatMap(([column, value]) =>
          key.includes(column)
            ? []
            : [
                [
                  nameOf(
                    table,
                    key.map((name) => row[name]!),
                    column,
                  ),
                  value,
                ] as const,
              ],
        ),
      ),
    ),
  );
}

const nameOf = (table: string, row: readonly TableValue[], column: string): string =>
  [table, ...row, column].join('\n');
const named = ({ table, key, column }: TrialChange): string => nameOf(table, Object.values(key), column);
const none: ReadonlySet<string> = new Set();
const sumOf = (causes: readonly DiffCause[]): number => causes.reduce((sum, { by = 0 }) => sum + by, 0);

describe.each(Array.from({ length: ROUNDS }, (_, seed) => seed))('what changed in the random trial %i', (seed) => {
  const log = randomLog(seed);
  const pairs = log.moments.slice(1).map((to, index) => ({ from: log.moments[index]!, to }));

  it('is what differs between the tables, and counts are accounted for', () => {
    for (const { from, to } of pairs) {
      const [before, after] = [valuesAt(log, from, none), valuesAt(log, to, none)];
      const names = [...new Set([...before.keys(), ...after.keys()])];
      const differing = names.filter((name) => (before.get(name) ?? null) !== (after.get(name) ?? null));
      const changes = trialDiff({ ...log, from, to });
      expect(changes.map(named).sort()).toEqual(differing.sort());
      const wrong = changes.filter((change) => {
        const name = named(change);
        if (change.from !== (before.get(name) ?? null) || change.to !== (after.get(name) ?? null)) return true;
        if (change.causes.length === 0) return true;
        const isCount = change.causes.some(({ by }) => by !== undefined);
        return isCount && sumOf(change.causes) !== Number(change.to ?? 0) - Number(change.from ?? 0);
      });
      expect(wrong).toEqual([]);
    }
  });

  it('does not depend on any record that is no cause', () => {
    for (const { from, to } of pairs) {
      if (from.position >= to.position) continue;
      const changes = trialDiff({ ...log, from, to });
      const between = log.events.filter(({ position }) => position > from.position && position <= to.position);
      const isCause = ({ causes }: TrialChange, event: string): boolean =>
        causes.some((cause) => cause.kind === 'record' && cause.event === event);
      for (const { id } of between) {
        const without = valuesAt(log, to, new Set([id]));
        const dependent = changes.filter(
          (change) => !isCause(change, id) && (without.get(named(change)) ?? null) !== change.to,
        );
        expect(dependent).toEqual([]);
      }
      // Nor on all of them together, where the number is a count.
      const bySpared = Map.groupBy(
        changes.filter(({ causes }) => causes.some(({ by }) => by !== undefined)),
        (change) => between.flatMap(({ id }) => (isCause(change, id) ? [] : [id])).join(' '),
      );
      for (const [spared, spareable] of bySpared) {
        const without = valuesAt(log, to, new Set(spared.split(' ')));
        expect(spareable.filter((change) => (without.get(named(change)) ?? null) !== change.to)).toEqual([]);
      }
    }
  });

  it('is taken away again on the way back', () => {
    for (const { from, to } of pairs) {
      const there = trialDiff({ ...log, from, to });
      const back = trialDiff({ ...log, from: to, to: from });
      expect(back.map(({ from: was, to: is, ...change }) => [named(change as TrialChange), is, was])).toEqual(
        there.map((change) => [named(change), change.from, change.to]),
      );
    }
  });
});
