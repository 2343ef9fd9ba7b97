import { cloudEventLine, Frontier, type Hash, leafHash, sameHash, scopeOf } from '@cairn/audit';
import type { Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';

/** The tree of a whole log, or of one scope of it, as the notary makes it. */
export interface ProvedTree {
  /** A trial, or what is beside the trials; empty for the whole log. */
  readonly scope: string;
  readonly size: number;
  readonly root: Hash;
}

/** The first place at which two logs are not the same. */
export interface Difference {
  readonly tenant: TenantId;
  readonly position: Position;
  readonly what: string;
}

/** Two copies of one log that are compared event by event, from the first one on: what has been compared is one tree. */
export class LogProof {
  private readonly whole = new Frontier();
  private readonly scopes = new Map<string, Frontier>();

  constructor(private readonly tenant: TenantId) {}

  /** Events that are the same in both. */
  get size(): number {
    return this.whole.size;
  }

  /** @returns the first difference among these, the next events of both; whichever has fewer is behind, which is none */
  add(some: readonly RecordedEvent[], others: readonly RecordedEvent[]): Difference | undefined {
    for (let index = 0; index < Math.min(some.length, others.length); index++) {
      const [one, other] = [some[index]!, others[index]!];
      const leaf = leafHash(cloudEventLine(one));
      if (!sameHash(leaf, leafHash(cloudEventLine(other)))) {
        const what =
          one.id === other.id ? differingMember(one, other) : `${one.type} ${one.id} against ${other.type} ${other.id}`;
        return { tenant: this.tenant, position: BigInt(this.size + 1), what };
      }
      this.whole.append(leaf);
      const scope = scopeOf(one.stream);
      const tree = this.scopes.get(scope) ?? new Frontier();
      this.scopes.set(scope, tree);
      tree.append(leaf);
    }
    return undefined;
  }

  /** Of the whole log first, then of its scopes by their names. */
  trees(): readonly ProvedTree[] {
    const scopes = [...this.scopes].sort(([a], [b]) => (a < b ? -1 : 1));
    return [['', this.whole] as const, ...scopes].map(([scope, tree]) => ({
      scope,
      size: tree.size,
      root: tree.root(),
    }));
  }
}

/** What tells two versions of one event apart. */
function differingMember(one: RecordedEvent, other: RecordedEvent): string {
  const members = [
    'stream',
    'revision',
    'type',
    'schemaVersion',
    'occurredAt',
    'recordedAt',
    'actor',
    'commandId',
  ] as const;
  const differing = members.find((member) => one[member] !== other[member]);
  return `${differing ?? 'payload or metadata'} of ${one.type} ${one.id}`;
}
