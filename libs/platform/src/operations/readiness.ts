/** Why a service cannot do its work at present. Stable, and open to everybody: none says where anything is or whose. */
export type NotReady =
  'ENDING' | 'DATABASE_UNREACHABLE' | 'MIGRATIONS_PENDING' | 'STORE_UNREACHABLE' | 'READ_MODELS_MISSING';

/** Something that the work needs. @returns why it cannot be done; undefined when it can */
export interface Need {
  /** The reason where the look fails, or takes too long. */
  readonly otherwise: NotReady;
  look(): Promise<NotReady | undefined>;
}

export interface ReadinessTimes {
  /** Milliseconds after which a look has failed. */
  readonly within: number;
  /** For so many milliseconds what was seen is the answer: anybody may ask, and must not be able to keep the database busy. */
  readonly keep: number;
}

const TIMES: ReadinessTimes = { within: 1_000, keep: 500 };

/** Whether a service can do its work. One that is not ready is sent nothing, but not restarted: that would mend nothing. */
export class Readiness {
  private ending = false;
  private seen: Promise<readonly NotReady[]> | undefined;

  constructor(
    private readonly needs: readonly Need[],
    private readonly times: ReadinessTimes = TIMES,
  ) {}

  /** From now on it is not ready, because it is about to end. */
  end(): void {
    this.ending = true;
  }

  /** Why it is not ready, each reason once; none when it is. */
  async reasons(): Promise<readonly NotReady[]> {
    if (this.ending) return ['ENDING'];
    this.seen ??= this.look();
    const seen = await this.seen;
    return this.ending ? ['ENDING'] : seen;
  }

  private async look(): Promise<readonly NotReady[]> {
    const reasons = await Promise.all(this.needs.map((need) => this.inTime(need)));
    setTimeout(() => (this.seen = undefined), this.times.keep).unref();
    return [...new Set(reasons.filter((reason) => reason !== undefined))];
  }

  private async inTime(need: Need): Promise<NotReady | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<NotReady>();
    const timer = setTimeout(() => resolve(need.otherwise), this.times.within);
    try {
      return await Promise.race([need.look().catch(() => need.otherwise), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
