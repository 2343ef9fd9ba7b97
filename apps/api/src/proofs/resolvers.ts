import { cloudEventLine } from '@cairn/audit';
import { type EventStore, isUuid, type RecordedEvent, streamName } from '@cairn/event-sourcing';
import { responsePathAsArray } from 'graphql';
import type { Resolvers } from '../generated/schema.js';
import type { TrialView } from '../registry/trial-view.js';
import type { Cosigning } from './cosigning.js';
import type { Inclusion, MerkleProofs, SignedHead } from './merkle-proofs.js';
import type { VerifierKeys } from './verifier-keys.js';

/** A checkpoint on its way to its answer. */
export interface CheckpointSight {
  readonly view: TrialView;
  readonly head: SignedHead;
}

/** An inclusion proof on its way to its answer. */
export interface InclusionSight {
  readonly view: TrialView;
  readonly inclusion: Inclusion;
}

/** As looks at it are on record. */
const LEAF = 'InclusionProof.leaf';

/** What is signed of a trial's events, and what can be proved by it. */
export function proofResolvers(
  proofs: MerkleProofs,
  cosigning: Cosigning,
  keys: VerifierKeys,
  store: Pick<EventStore, 'findEvent'>,
) {
  const linesOf = ({ view: { tenant, trial }, head }: CheckpointSight): Promise<readonly string[]> =>
    cosigning.lines(tenant, trial, head.size);
  return {
    Query: { verifierKeys: () => keys.current() },
    Trial: {
      checkpoint: async (view, { size }) => {
        const head = await proofs.head(view.tenant, streamName(view.trial), size ?? undefined);
        return head ? { view, head } : null;
      },
      inclusionProof: async (view, { event: id, size }) => {
        const { tenant, trial } = view;
        const event = isUuid(id) ? await store.findEvent(tenant, id) : undefined;
        if (!event || !isOf(event, trial)) return null;
        const inclusion = await proofs.inclusion(tenant, streamName(trial), event, size ?? undefined);
        return inclusion ? { view, inclusion } : null;
      },
      consistencyProof: async ({ tenant, trial }, { from, to }) => {
        const found = await proofs.consistency(tenant, streamName(trial), from, to);
        return found
          ? { from, to, fromRoot: base64(found.fromRoot), toRoot: base64(found.toRoot), proof: found.proof.map(base64) }
          : null;
      },
    },
    Checkpoint: {
      origin: ({ head }) => head.says.origin,
      size: ({ head }) => head.size,
      root: ({ head }) => base64(head.says.root),
      signedAt: ({ head }) => head.signedAt,
      keys: ({ head }) => head.signed.signatures.map(({ name, id }) => `${name}+${id}`),
      note: async (sight) => [sight.head.note, ...(await linesOf(sight)).map((line) => `${line}\n`)].join(''),
      cosignatures: linesOf,
      halted: ({ view }) => proofs.isHalted(view.tenant),
    },
    InclusionProof: {
      index: ({ inclusion }: InclusionSight) => inclusion.index,
      leaf: async ({ view: { trial, viewer }, inclusion: { event } }, _args, { disclosures }, info) => {
        const reaches = [viewer.reach('allocation', trial), viewer.reach('history', trial)];
        // Of a cut's tables some are by arm; whose each is, the cut decides.
        if (event.type === 'CutTableKept' || reaches.some(({ kind }) => kind !== 'whole')) {
          const sealed = reaches.find((reach) => reach.kind === 'sealed');
          disclosures.seal(responsePathAsArray(info.path), sealed?.reason ?? 'NOT_IN_ROLE');
          return null;
        }
        if (reaches.some((reach) => reach.kind === 'whole' && reach.recorded)) {
          await disclosures.lookAtAll(viewer, trial, LEAF, participantsOf(event), 'role');
        }
        return cloudEventLine(event);
      },
      leafHash: ({ inclusion }) => base64(inclusion.leafHash),
      proof: ({ inclusion }) => inclusion.proof.map(base64),
      checkpoint: ({ view, inclusion: { head } }) => ({ view, head }),
    },
  } satisfies Resolvers;
}

/** Whether an event is a leaf of the trial's log. */
const isOf = ({ stream }: RecordedEvent, trial: string): boolean => stream.startsWith(`${streamName(trial)}/`);

function participantsOf({ payload }: RecordedEvent): readonly string[] {
  const { participant } = JSON.parse(payload) as { readonly participant?: unknown };
  return typeof participant === 'string' ? [participant] : [];
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
