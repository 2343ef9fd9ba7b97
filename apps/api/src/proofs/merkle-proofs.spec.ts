import { randomUUID } from 'node:crypto';
import {
  checkpointText,
  cloudEventLine,
  Frontier,
  type Hash,
  leafHash,
  noteOf,
  noteSigner,
  TILE_HEIGHT,
  TILE_WIDTH,
  verifyInclusion,
} from '@cairn/audit';
import type { RecordedEvent } from '@cairn/event-sourcing';
import type { ProofBasis, ProofStore, StoredCheckpoint, TileKey } from '@cairn/platform';
import { MerkleProofs } from './merkle-proofs.js';

const signer = noteSigner('cairn.test', Buffer.alloc(32, 1));

const eventAt = (position: number): RecordedEvent => ({
  tenant: 't',
  type: 'ParticipantReferred',
  schemaVersion: 1,
  occurredAt: 0,
  payload: '{}',
  id: randomUUID(),
  stream: 'enrich/participant/P1',
  revision: position,
  position: BigInt(position),
  recordedAt: 0,
  actor: 'somebody',
  commandId: randomUUID(),
  correlationId: randomUUID(),
  causationId: randomUUID(),
  metadata: {},
});

/** A log of so many events with two leaves to a checkpoint, kept as the store does. */
class Log {
  readonly events: readonly RecordedEvent[];
  readonly checkpoints: StoredCheckpoint[] = [];
  readonly tiles = new Map<string, Hash[]>();

  constructor(size: number) {
    this.events = Array.from({ length: size }, (_, index) => eventAt(index + 1));
    const frontier = new Frontier();
    let added: Hash[] = [];
    for (const event of this.events) {
      const leaf = leafHash(cloudEventLine(event));
      added.push(leaf);
      frontier.append(leaf, (level, index, hash) => {
        if (level % TILE_HEIGHT !== 0) return;
        const key = `${level / TILE_HEIGHT}/${Math.floor(index / TILE_WIDTH)}`;
        this.tiles.set(key, [...(this.tiles.get(key) ?? []), hash]);
      });
      if (added.length < 2) continue;
      const text = checkpointText({ origin: 'cairn.test/t/enrich', size: frontier.size, root: frontier.root(), added });
      const note = noteOf({ text, signatures: [signer.sign(text)] });
      this.checkpoints.push({ scope: 'enrich', size: frontier.size, position: event.position, signedAt: 0, note });
      added = [];
    }
  }
}

/** As much of the store as proofs are made from; its log can be brought back from another copy. */
class Store implements Pick<ProofStore, 'proofBasis' | 'tiles' | 'ofSize'> {
  constructor(public log: Log) {}

  proofBasis(_tenant: string, _scope: string, position: bigint): Promise<ProofBasis> {
    const { checkpoints } = this.log;
    const covering = checkpoints.find((each) => each.position >= position);
    const index = covering && Math.floor((covering.size - 1) / TILE_WIDTH);
    const leaves = index === undefined ? [] : [index - 1, index].filter((each) => each >= 0);
    return Promise.resolve({
      covering,
      latest: checkpoints.at(-1),
      leaves: new Map(leaves.map((each) => [each, this.tile({ level: 0, index: each })])),
    });
  }

  ofSize(_tenant: string, _scope: string, size: number): Promise<StoredCheckpoint | undefined> {
    return Promise.resolve(this.log.checkpoints.find((each) => each.size >= size));
  }

  tiles(_tenant: string, _scope: string, keys: readonly TileKey[]): Promise<readonly Uint8Array[]> {
    return Promise.resolve(keys.map((key) => this.tile(key)));
  }

  private tile({ level, index }: TileKey): Uint8Array {
    return Buffer.concat(this.log.tiles.get(`${level}/${index}`) ?? []);
  }
}

describe('an inclusion proof', () => {
  const of = (log: Log) => {
    const store = new Store(log);
    return { store, proofs: new MerkleProofs(store as unknown as ProofStore) };
  };
  const holds = async (proofs: MerkleProofs, event: RecordedEvent, size?: number): Promise<boolean> => {
    const found = (await proofs.inclusion('t', 'enrich', event, size))!;
    expect(found.index).toBe(Number(event.position) - 1);
    return verifyInclusion(found.leafHash, found.index, found.head.size, found.proof, found.head.says.root);
  };

  it('holds for every leaf, to the latest checkpoint and to one before', async () => {
    const log = new Log(700);
    const { proofs } = of(log);
    for (const event of log.events.filter((_, index) => index % 41 === 0)) {
      expect(await holds(proofs, event)).toBe(true);
      expect(await holds(proofs, event, Math.min(700, Number(event.position) + 20))).toBe(true);
    }
  });

  it('is none of what is not signed yet, of what was not signed so, or of what comes after the checkpoint', async () => {
    const log = new Log(11);
    const { proofs } = of(log);
    expect(await proofs.inclusion('t', 'enrich', log.events[10]!)).toBeUndefined();
    expect(await proofs.inclusion('t', 'enrich', { ...log.events[3]!, payload: '{"altered":true}' })).toBeUndefined();
    expect(await proofs.inclusion('t', 'enrich', log.events[7]!, 4)).toBeUndefined();
    expect(await holds(proofs, log.events[7]!, 8)).toBe(true);
  });

  it('holds of a log that was brought back from an earlier copy and went on otherwise', async () => {
    const [before, after] = [new Log(700), new Log(700)];
    const { store, proofs } = of(before);
    expect(await holds(proofs, before.events[3]!)).toBe(true);
    store.log = after;
    expect(await holds(proofs, after.events[3]!)).toBe(true);
    expect(await holds(proofs, after.events[600]!)).toBe(true);
  });
});
