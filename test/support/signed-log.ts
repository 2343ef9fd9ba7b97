import { randomUUID } from 'node:crypto';
import { checkpointOrigin, cloudEventLine, openNote, parseCheckpoint, scopeOf, type VerifierKey } from '@cairn/audit';
import { canonicalJson, type EventStore, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type { ProofStore, StoredCheckpoint } from '@cairn/platform';
import { merkleTreeHash } from '../oracle/merkle-oracle.js';

/** Appends so many events of some trials, in appends of up to `size`. */
export async function recordTrials(
  store: EventStore,
  tenant: TenantId,
  { count, trials, size = 50 }: { readonly count: number; readonly trials: readonly string[]; readonly size?: number },
): Promise<void> {
  for (let from = 0; from < count; from += size) {
    const trial = trials[Math.floor(from / size) % trials.length]!;
    await store.append(tenant, {
      stream: `${trial}/participant/${from}`,
      expected: 'any',
      commandId: randomUUID(),
      actor: 'coordinator "one"',
      events: Array.from({ length: Math.min(size, count - from) }, (_, at) => ({
        type: 'Met',
        schemaVersion: 1,
        occurredAt: 1_600_000_000_000 + at,
        payload: canonicalJson({ trial, minutes: from + at }),
      })),
    });
  }
}

export async function wholeLog(store: EventStore, tenant: TenantId): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await store.readLog(tenant, { from: events.at(-1)?.position ?? 0n, limit: 5_000 });
    if (page.length === 0) return events;
    events.push(...page);
  }
}

/** All checkpoints of a tree, page by page. */
export async function allCheckpoints(
  proofs: ProofStore,
  tenant: TenantId,
  scope: string,
): Promise<readonly StoredCheckpoint[]> {
  const found: StoredCheckpoint[] = [];
  for (;;) {
    const page = await proofs.checkpoints(tenant, scope, { after: found.at(-1)?.size ?? 0, limit: 100 });
    if (page.length === 0) return found;
    found.push(...page);
  }
}

/**
 * Expects that every tree of the tenant is signed up to the log's head, and that each of its checkpoints is the tree of the
 * log's own events by the definition: root, leaves added, none left out, at most 256 at a time.
 * @returns how many checkpoints there are
 */
export async function expectSigned(
  { store, proofs }: { readonly store: EventStore; readonly proofs: ProofStore },
  tenant: TenantId,
  keys: readonly VerifierKey[],
): Promise<number> {
  const events = await wholeLog(store, tenant);
  const scopes = ['', ...new Set(events.map(({ stream }) => scopeOf(stream)))].sort();
  expect((await proofs.trees(tenant)).map(({ scope }) => scope)).toEqual(scopes);
  let count = 0;
  for (const scope of scopes) {
    const leaves = events.filter(({ stream }) => scope === '' || scopeOf(stream) === scope);
    const lines = leaves.map((event) => cloudEventLine(event));
    let size = 0;
    for (const checkpoint of await allCheckpoints(proofs, tenant, scope)) {
      const opened = openNote(checkpoint.note, keys);
      if ('problem' in opened) throw new Error(opened.problem);
      const read = parseCheckpoint(opened.text)!;
      expect(read.origin).toBe(checkpointOrigin(keys[0]!.name, tenant, scope));
      expect(read.size).toBe(checkpoint.size);
      expect(Buffer.from(read.root)).toEqual(merkleTreeHash(lines.slice(0, read.size)));
      expect(read.added.length).toBeLessThanOrEqual(256);
      expect(read.added.map((hash) => Buffer.from(hash))).toEqual(
        lines.slice(size, read.size).map((line) => merkleTreeHash([line])),
      );
      expect(checkpoint.position).toBeGreaterThanOrEqual(leaves[read.size - 1]!.position);
      size = read.size;
      count++;
    }
    expect(size).toBe(lines.length);
  }
  return count;
}
