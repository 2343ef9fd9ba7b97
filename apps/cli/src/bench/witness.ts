/** What a writer knows of an append that was acknowledged. Ticks come from one logical clock, see `Witness`. */
export interface AcknowledgedAppend {
  readonly id: string;
  readonly began: number;
  readonly acknowledged: number;
}

/** What a tailing reader was given, in the order in which it was given. */
export interface Delivery {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
}

/** Four ways to be wrong; a store that keeps its word has zero of each. */
export interface CorrectnessCounts {
  /** Acknowledged to its writer, but a reader that tails the log was never given it. */
  readonly lost: number;
  /** Deliveries of an event after its first. */
  readonly duplicated: number;
  /** Delivered after a later event of its stream, or after an event whose append began when it was already acknowledged. */
  readonly reordered: number;
  /** Appends refused although what they expected was so. */
  readonly falselyRejected: number;
}

/**
 * Judges what a tailing reader was given against what writers were promised. It looks at no position of any store, so
 * that stores with other ideas of order are measured alike: an append that began after another one had been
 * acknowledged can only come after it.
 */
export function judge(
  appends: Iterable<AcknowledgedAppend>,
  deliveries: Iterable<Delivery>,
): Omit<CorrectnessCounts, 'falselyRejected'> {
  const promised = new Map<string, AcknowledgedAppend>();
  for (const append of appends) promised.set(append.id, append);
  const seen = new Set<string>();
  const lastRevision = new Map<string, number>();
  let latestBeginning = -Infinity;
  let duplicated = 0;
  let reordered = 0;
  for (const { id, stream, revision } of deliveries) {
    if (seen.has(id)) {
      duplicated++;
      continue;
    }
    seen.add(id);
    const append = promised.get(id);
    const before = lastRevision.get(stream) ?? -1;
    if (revision < before || (append && append.acknowledged < latestBeginning)) reordered++;
    lastRevision.set(stream, Math.max(before, revision));
    if (append) latestBeginning = Math.max(latestBeginning, append.began);
  }
  let lost = 0;
  for (const id of promised.keys()) if (!seen.has(id)) lost++;
  return { lost, duplicated, reordered };
}

/**
 * Notes what the writers and the reader of one store saw. Noting is a push to an array, for it happens while the store
 * is measured; the work is in `counts`.
 */
export class Witness {
  private ticks = 0;
  private readonly appends: AcknowledgedAppend[] = [];
  private readonly deliveries: Delivery[] = [];
  private readonly unseen = new Set<string>();
  private readonly early = new Set<string>();
  private noted = { appends: 0, deliveries: 0 };
  private givenUp = 0;
  private falselyRejected = 0;

  /** An append is about to be sent. @returns the tick to give back to `acknowledged` */
  begins(): number {
    return ++this.ticks;
  }

  acknowledged(id: string, began: number): void {
    this.appends.push({ id, began, acknowledged: ++this.ticks });
  }

  rejected(): void {
    this.falselyRejected++;
  }

  delivered(id: string, stream: string, revision: number): void {
    this.deliveries.push({ id, stream, revision });
  }

  get acknowledgedCount(): number {
    return this.appends.length;
  }

  get deliveryCount(): number {
    return this.deliveries.length;
  }

  /** Whether the reader has been given all that was acknowledged, leaving out what was given up before. */
  get complete(): boolean {
    for (; this.noted.appends < this.appends.length; this.noted.appends++) {
      const { id } = this.appends[this.noted.appends]!;
      if (!this.early.delete(id)) this.unseen.add(id);
    }
    for (; this.noted.deliveries < this.deliveries.length; this.noted.deliveries++) {
      const { id } = this.deliveries[this.noted.deliveries]!;
      if (!this.unseen.delete(id)) this.early.add(id);
    }
    return this.unseen.size <= this.givenUp;
  }

  /** The reader has come to the end of the log: what it has not seen by now it will not see. */
  giveUp(): void {
    this.givenUp = this.unseen.size;
  }

  counts(): CorrectnessCounts {
    return { ...judge(this.appends, this.deliveries), falselyRejected: this.falselyRejected };
  }
}

/** Whether nothing was lost, duplicated, reordered or falsely rejected. */
export const isFaultless = (counts: CorrectnessCounts): boolean =>
  counts.lost + counts.duplicated + counts.reordered + counts.falselyRejected === 0;
