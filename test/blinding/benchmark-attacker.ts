import { ROUNDED_TO, SMALLEST_COUNT } from '@cairn/monitoring';

/*
 * Somebody who collects everything that is published and works out what it can come from. It knows which figure is whose,
 * though the product does not say; it knows its own sites to the person; it knows that nobody stops being engaged, and that
 * whoever meets the strict definition meets the other one. What it cannot rule out by all that is what is protected.
 */

/** Counts of one site at one of its published states, by definition; `table` is the strict one. */
export interface State {
  readonly table: number;
  readonly text: number;
  readonly withData: number;
}
export type Definition = 'table' | 'text';

type Range = readonly [from: number, to: number];

/** What a published figure says of those who are engaged and of those who are not. */
export type Told = { readonly engaged: Range; readonly others: Range } | 'suppressed';

/** How suppression is done, which is no secret. */
export type SuppressedWhen = (engaged: number, others: number) => boolean;

export const bothPartsSmall: SuppressedWhen = (engaged, others) => engaged < SMALLEST_COUNT || others < SMALLEST_COUNT;

/** What a rounded count can come from. */
export const stepOf = (count: number): Range => [count - (ROUNDED_TO - 1) / 2, count + (ROUNDED_TO - 1) / 2];

/** One published state of a site, as far as it is told. */
export interface Sighting {
  readonly told: Readonly<Record<Definition, Told>>;
  /** What follows from elsewhere, as from a total. */
  readonly engaged?: Readonly<Record<Definition, Range>>;
  readonly withData?: Range;
}

/** What one count can be, by everything that the attacker knows. */
export interface Possible {
  readonly engaged: Readonly<Record<Definition, readonly number[]>>;
  readonly others: Readonly<Record<Definition, readonly number[]>>;
}

/**
 * Exactly what the counts of one site can be at each of its states, in the order of time. Seeing the same again tells
 * nothing, so it is left out.
 * @param most participants that a site can have
 */
export function possible(
  sightings: readonly Sighting[],
  suppressed: SuppressedWhen,
  most: number,
): readonly Possible[] {
  const grid = new Grid(most);
  const news = sightings.filter((each, at) => JSON.stringify(each) !== JSON.stringify(sightings[at - 1]));
  const seen = news.map((sighting) => grid.where((state) => fits(state, sighting, suppressed)));
  const forward = seen.map((states) => states.slice());
  for (let at = 1; at < seen.length; at++) restrict(forward[at]!, grid.atLeast(forward[at - 1]!));
  const backward = seen.map((states) => states.slice());
  for (let at = seen.length - 2; at >= 0; at--) restrict(backward[at]!, grid.atMost(backward[at + 1]!));
  return forward.map((states, at) => {
    restrict(states, backward[at]!);
    return grid.margins(states);
  });
}

function fits({ table, text, withData }: State, sighting: Sighting, suppressed: SuppressedWhen): boolean {
  return (
    table <= text &&
    text <= withData &&
    within(withData, sighting.withData) &&
    tells(sighting.told.table, table, withData - table, suppressed) &&
    tells(sighting.told.text, text, withData - text, suppressed) &&
    within(table, sighting.engaged?.table) &&
    within(text, sighting.engaged?.text)
  );
}

const tells = (told: Told, engaged: number, others: number, suppressed: SuppressedWhen): boolean =>
  told === 'suppressed'
    ? suppressed(engaged, others)
    : !suppressed(engaged, others) && within(engaged, told.engaged) && within(others, told.others);

const within = (count: number, range: Range | undefined): boolean =>
  range === undefined || (range[0] <= count && count <= range[1]);

/** Sets of states, as one byte for each combination of three counts. */
class Grid {
  private readonly side: number;

  constructor(most: number) {
    this.side = most + 1;
  }

  where(holds: (state: State) => boolean): Uint8Array {
    const states = new Uint8Array(this.side ** 3);
    for (let table = 0; table < this.side; table++) {
      for (let text = table; text < this.side; text++) {
        for (let withData = text; withData < this.side; withData++) {
          if (holds({ table, text, withData })) states[(table * this.side + text) * this.side + withData] = 1;
        }
      }
    }
    return states;
  }

  /** States in which no count is below that of some state of the set. */
  atLeast(from: Uint8Array): Uint8Array {
    const reached = from.slice();
    this.spread(reached, (at) => at);
    return reached;
  }

  /** States in which no count is above that of some state of the set. */
  atMost(from: Uint8Array): Uint8Array {
    const reached = from.slice();
    this.spread(reached, (at) => reached.length - 1 - at);
    return reached;
  }

  margins(states: Uint8Array): Possible {
    const counts = { table: new Set<number>(), text: new Set<number>() };
    const rest = { table: new Set<number>(), text: new Set<number>() };
    for (let at = states.indexOf(1); at >= 0; at = states.indexOf(1, at + 1)) {
      const withData = at % this.side;
      const table = Math.floor(at / this.side ** 2);
      const text = Math.floor(at / this.side) % this.side;
      counts.table.add(table);
      counts.text.add(text);
      rest.table.add(withData - table);
      rest.text.add(withData - text);
    }
    return {
      engaged: { table: sorted(counts.table), text: sorted(counts.text) },
      others: { table: sorted(rest.table), text: sorted(rest.text) },
    };
  }

  /** Along each of the three counts in turn, in the direction that `index` goes. */
  private spread(states: Uint8Array, index: (at: number) => number): void {
    for (const step of [this.side ** 2, this.side, 1]) {
      for (let block = 0; block < states.length; block += step * this.side) {
        for (let at = block + step; at < block + step * this.side; at++) {
          if (states[index(at - step)]) states[index(at)] = 1;
        }
      }
    }
  }
}

function restrict(states: Uint8Array, to: Uint8Array): void {
  for (let at = 0; at < states.length; at++) states[at]! &= to[at]!;
}

const sorted = (counts: ReadonlySet<number>): readonly number[] => [...counts].sort((a, b) => a - b);
