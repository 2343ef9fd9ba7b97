import type { Instant } from '@cairn/event-sourcing';

interface Timed {
  readonly occurredAt: Instant;
}

/** Things of which the earliest is wanted next; of two at the same time, the one that was put in first. A binary heap. */
export class Earliest<T> {
  private readonly heap: { readonly at: Instant; readonly order: number; readonly thing: T }[] = [];
  private order = 0;

  /** When the next one is. */
  get nextAt(): Instant | undefined {
    return this.heap[0]?.at;
  }

  add(at: Instant, thing: T): void {
    this.heap.push({ at, order: this.order++, thing });
    let place = this.heap.length - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.isBefore(place, parent)) return;
      this.swap(place, parent);
      place = parent;
    }
  }

  take(): T | undefined {
    const [first] = this.heap;
    if (first === undefined) return undefined;
    const last = this.heap.pop()!;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    return first.thing;
  }

  private sink(): void {
    for (let place = 0; ;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      let least = place;
      if (left < this.heap.length && this.isBefore(left, least)) least = left;
      if (right < this.heap.length && this.isBefore(right, least)) least = right;
      if (least === place) return;
      this.swap(place, least);
      place = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [one, other] = [this.heap[a]!, this.heap[b]!];
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b]!, this.heap[a]!];
  }
}

/** What several sources give, each in the order of time, as one. */
export function* inOrderOfTime<T extends Timed>(sources: Iterable<Iterator<T>>): Generator<T> {
  const waiting = new Earliest<{ readonly next: T; readonly source: Iterator<T> }>();
  const pull = (source: Iterator<T>): void => {
    const result = source.next();
    if (!result.done) waiting.add(result.value.occurredAt, { next: result.value, source });
  };
  for (const source of sources) pull(source);
  for (let first = waiting.take(); first !== undefined; first = waiting.take()) {
    yield first.next;
    pull(first.source);
  }
}
