/** What the gate does with whoever wants in. */
export type Entry =
  /** Their turn has come; they say when they are done. */
  | { readonly kind: 'in'; readonly leave: () => void }
  /** Too many of the tenant wait already, or this one has waited too long. */
  | { readonly kind: 'full' };

export interface FairGateOptions {
  /** Requests of a tenant that are worked on at once. */
  readonly inFlight: (tenant: string) => number;
  /** Requests of a tenant, and of one person in it, that wait at the most. */
  readonly waiting: { readonly perTenant: number; readonly perPerson: number };
  /** Milliseconds that one waits at the most. */
  readonly patience: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
  /** Calls back when the event loop has done what was begun, and has looked for what came in meanwhile. */
  readonly nextTurn?: (callback: () => void) => void;
}

interface Waiting {
  enter(): void;
}

interface Lane {
  readonly tenant: string;
  running: number;
  /** By person, who are let in by turns, whoever came with more. */
  readonly waiting: Map<string, Waiting[]>;
  waitingCount: number;
  /** Milliseconds of the event loop that it had, on the clock that all lanes share. */
  spent: number;
  /** By the gate's clock: its budget is used up until then. */
  closedUntil: number;
}

/**
 * Shares one event loop among tenants. What a request costs is done in one stretch, in which nobody else is served; so one
 * is let in at each turn of the loop, from the tenant that has had the least of its time. Whoever asks much waits for
 * itself: a tenant that asks seldom waits for one stretch of another at the most.
 */
export class FairGate {
  private readonly lanes = new Map<string, Lane>();
  /** The shared clock: where the lane stood that was let in last. Who was away gets no credit for it. */
  private virtual = 0;
  private turnTaken = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly now: () => number;
  private readonly nextTurn: (callback: () => void) => void;

  constructor(private readonly options: FairGateOptions) {
    this.now = options.now ?? (() => performance.now());
    this.nextTurn = options.nextTurn ?? setImmediate;
  }

  /** Waits for a turn. @param gone aborted when nobody waits for the answer any more */
  enter(tenant: string, person: string, gone?: AbortSignal): Promise<Entry> {
    const lane = this.lane(tenant);
    const own = lane.waiting.get(person) ?? [];
    const { perTenant, perPerson } = this.options.waiting;
    if (lane.waitingCount >= perTenant || own.length >= perPerson) return Promise.resolve({ kind: 'full' });
    return new Promise((resolve) => {
      const giveUp = (): void => {
        if (this.forget(lane, person, waiting)) settle({ kind: 'full' });
      };
      const timer = setTimeout(giveUp, this.options.patience).unref();
      const settle = (entry: Entry): void => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', giveUp);
        resolve(entry);
      };
      const waiting: Waiting = { enter: () => settle({ kind: 'in', leave: this.leaving(lane) }) };
      gone?.addEventListener('abort', giveUp);
      own.push(waiting);
      lane.waiting.set(person, own);
      if (lane.waitingCount++ === 0) lane.spent = Math.max(lane.spent, this.virtual);
      this.letIn();
    });
  }

  /** Lets nobody of the tenant in for so many milliseconds from now. */
  close(tenant: string, milliseconds: number): void {
    const lane = this.lane(tenant);
    lane.closedUntil = Math.max(lane.closedUntil, this.now() + milliseconds);
  }

  /** Milliseconds until somebody of the tenant may be let in. */
  closedFor(tenant: string): number {
    return Math.max(0, (this.lanes.get(tenant)?.closedUntil ?? 0) - this.now());
  }

  private lane(tenant: string): Lane {
    let lane = this.lanes.get(tenant);
    if (!lane) {
      lane = { tenant, running: 0, waiting: new Map(), waitingCount: 0, spent: this.virtual, closedUntil: 0 };
      this.lanes.set(tenant, lane);
    }
    return lane;
  }

  private leaving(lane: Lane): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      lane.running--;
      this.letIn();
      this.retire(lane);
    };
  }

  private letIn(): void {
    if (this.turnTaken) return;
    const now = this.now();
    let fairest: Lane | undefined;
    let opensAt = Infinity;
    for (const lane of this.lanes.values()) {
      if (lane.waitingCount === 0 || lane.running >= this.options.inFlight(lane.tenant)) continue;
      if (lane.closedUntil > now) opensAt = Math.min(opensAt, lane.closedUntil);
      else if (!fairest || lane.spent < fairest.spent) fairest = lane;
    }
    if (fairest) this.start(fairest, now);
    else if (opensAt < Infinity) this.lookAgainAt(opensAt - now);
  }

  private start(lane: Lane, began: number): void {
    const [person, own] = lane.waiting.entries().next().value!;
    const first = own.shift()!;
    // To the end of the line, behind everybody else of the tenant.
    lane.waiting.delete(person);
    if (own.length > 0) lane.waiting.set(person, own);
    lane.waitingCount--;
    lane.running++;
    this.virtual = Math.max(this.virtual, lane.spent);
    this.turnTaken = true;
    first.enter();
    this.nextTurn(() => {
      lane.spent += this.now() - began;
      this.turnTaken = false;
      this.retire(lane);
      this.letIn();
    });
  }

  private lookAgainAt(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.letIn(), Math.ceil(milliseconds)).unref();
  }

  /** Forgets a tenant of whom nothing is left to remember: neither a closed budget nor more than its share of time. */
  private retire(lane: Lane): void {
    const idle = lane.running === 0 && lane.waitingCount === 0;
    if (idle && lane.closedUntil <= this.now() && lane.spent <= this.virtual) this.lanes.delete(lane.tenant);
  }

  private forget(lane: Lane, person: string, waiting: Waiting): boolean {
    const own = lane.waiting.get(person);
    const at = own?.indexOf(waiting) ?? -1;
    if (!own || at < 0) return false;
    own.splice(at, 1);
    if (own.length === 0) lane.waiting.delete(person);
    lane.waitingCount--;
    return true;
  }
}
