/** Work that comes at one instant. */
export interface Arrival {
  /** Seconds; not before the one that came before. */
  readonly at: number;
  /** How many pieces of work; need not be whole. */
  readonly pieces: number;
}

/** What becomes of work that waits in one line. In seconds. */
export interface Waits {
  /** From the arrival to the end of the piece that waited longest. */
  readonly longest: number;
  /** Work that was waiting, at the most, in seconds of all servers together. */
  readonly backlog: number;
  /** From the first arrival until all is done. */
  readonly until: number;
}

/**
 * A line before servers that work together like one that is as many times as fast: what waits is what came and was not done
 * yet. With whole servers a piece may take longer by what one of them needs for it, and no more.
 * @param seconds of one server for a piece
 * @param servers that work all the time; need not be whole
 */
export function waitsOf(arrivals: Iterable<Arrival>, seconds: number, servers: number): Waits {
  let [backlog, most, longest] = [0, 0, 0];
  let began: number | undefined;
  let last = 0;
  for (const { at, pieces } of arrivals) {
    if (pieces === 0) continue;
    began ??= at;
    backlog = Math.max(0, backlog - (at - last)) + (pieces * seconds) / servers;
    last = at;
    most = Math.max(most, backlog);
    longest = Math.max(longest, backlog);
  }
  return { longest, backlog: most, until: began === undefined ? 0 : last + backlog - began };
}

/** The fewest servers with which nothing waits longer. @param atLeast where the search begins */
export function serversFor(arrivals: readonly Arrival[], seconds: number, patience: number, atLeast = 1): number {
  let [low, high] = [atLeast, atLeast];
  while (waitsOf(arrivals, seconds, high).longest > patience) [low, high] = [high + 1, high * 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (waitsOf(arrivals, seconds, middle).longest > patience) low = middle + 1;
    else high = middle;
  }
  return high;
}
