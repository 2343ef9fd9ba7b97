import type { Instant, Position } from '@cairn/event-sourcing';
import type { Amount, Contribution } from './ledger.js';
import { type TrialUnit, unitName } from './trial-units.js';

/** What changed a number. */
export type DiffSource =
  /** A record, or the correction of one: it was recorded between the two moments, or what it says happened between them. */
  | { readonly kind: 'record'; readonly event: string; readonly position: Position }
  /** The register or the protocol, which was recorded, or came into force, between the two moments. */
  | { readonly kind: 'register'; readonly event: string; readonly position: Position }
  /** Nothing but the passage of time: something came to be due, or was over, for this participant, site or worker. */
  | { readonly kind: 'time'; readonly at: Instant; readonly unit: TrialUnit };

/** A source, and how much it added to a number that is a count. */
export type DiffCause = DiffSource & {
  /** Of a count: what it added; 0 for what was only needed for another cause to work. Absent for all other numbers. */
  readonly by?: number;
};

/** Which sources changed what the units add to each number. */
export class Attribution {
  private readonly causes = new Map<string, Map<string, { readonly source: DiffSource; by: number }>>();

  /** Attributes all that is different after a step to its source. */
  step(source: DiffSource, before: Contribution, after: Contribution): void {
    for (const [name, by] of differences(before, after)) this.add(name, source, by);
  }

  /** Adds a source of a number; what it added is summed up. */
  add(name: string, source: DiffSource, by: number): void {
    const sources = this.causes.get(name) ?? new Map<string, { readonly source: DiffSource; by: number }>();
    this.causes.set(name, sources);
    const key = sourceName(source);
    const known = sources.get(key);
    if (known) known.by += by;
    else sources.set(key, { source, by });
  }

  /** Takes in all that another one holds. */
  takeIn(other: Attribution): void {
    for (const [name, sources] of other.causes)
      for (const { source, by } of sources.values()) this.add(name, source, by);
  }

  /** The numbers that have a cause. */
  names(): readonly string[] {
    return [...this.causes.keys()];
  }

  /** Whether the source is one of the number's. */
  has(name: string, source: DiffSource): boolean {
    return this.causes.get(name)?.has(sourceName(source)) ?? false;
  }

  /** The causes of any of the numbers: records and register by position, then time as it passed. */
  of(names: Iterable<string>): readonly Required<DiffCause>[] {
    const found = new Map<string, Required<DiffCause>>();
    for (const name of names) {
      for (const [key, { source, by }] of this.causes.get(name) ?? []) {
        found.set(key, { ...source, by: (found.get(key)?.by ?? 0) + by });
      }
    }
    return [...found.values()].sort(inOrder);
  }
}

/** The numbers to which two contributions add unlike amounts, and by how much where those are counts. */
export function* differences(before: Contribution, after: Contribution): Iterable<readonly [string, number]> {
  for (const [name, amount] of after.amounts) {
    const was = before.amounts.get(name);
    if (!isSame(was, amount)) yield [name, asNumber(amount) - asNumber(was)];
  }
  for (const [name, was] of before.amounts) if (!after.amounts.has(name)) yield [name, -asNumber(was)];
}

const asNumber = (amount: Amount | undefined): number => (typeof amount === 'number' ? amount : 0);

export function isSame(one: Amount | undefined, other: Amount | undefined): boolean {
  if (one === undefined || other === undefined || typeof one === 'number' || typeof other === 'number') {
    return one === other;
  }
  if ('is' in one || 'is' in other) return 'is' in one && 'is' in other && one.is === other.is;
  const sorted = other.toSorted((a, b) => a - b);
  return one.length === other.length && one.toSorted((a, b) => a - b).every((value, index) => value === sorted[index]);
}

const sourceName = (source: DiffSource): string =>
  source.kind === 'time' ? `time\n${source.at}\n${unitName(source.unit)}` : `${source.kind}\n${source.event}`;

function inOrder(a: DiffSource, b: DiffSource): number {
  if (a.kind === 'time') return b.kind === 'time' ? a.at - b.at || byName(a.unit, b.unit) : 1;
  if (b.kind === 'time') return -1;
  return a.position < b.position ? -1 : a.position > b.position ? 1 : 0;
}

const byName = (a: TrialUnit, b: TrialUnit): number => (unitName(a) < unitName(b) ? -1 : 1);
