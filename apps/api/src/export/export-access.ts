import type { Area, Viewer } from '@cairn/access';
import type { EventStore } from '@cairn/event-sourcing';
import { trialStream } from '@cairn/registry';
import type { Conduct } from '../access/conduct.js';

/** An export has the whole history of a trial, and so every arm. */
const NEEDED: readonly Area[] = ['proofs', 'history', 'allocation'];
/** As looks at it are on record. */
export const EXPORTED = 'Trial.export';

/** Whether somebody may have a trial's export; `absent` is also what is said of a trial that is not theirs to know of. */
export type ExportAccess =
  { readonly kind: 'absent' | 'sealed' } | { readonly kind: 'open'; readonly recorded: boolean };

/** A refusal is recorded before it is told, like any other of what is sealed. */
export async function exportAccess(
  viewer: Viewer,
  trial: string,
  store: Pick<EventStore, 'readStream'>,
  conduct: Pick<Conduct, 'sealedReadRefused'>,
): Promise<ExportAccess> {
  if (!viewer.mayUse('cairn:read') || !viewer.seesTrial(trial)) return { kind: 'absent' };
  const [registered] = await store.readStream(viewer.tenant, trialStream(trial), { limit: 1 });
  if (!registered) return { kind: 'absent' };
  const reaches = NEEDED.map((area) => viewer.reach(area, trial));
  const sealed = reaches.find((reach) => reach.kind !== 'whole');
  if (sealed) {
    const reason = sealed.kind === 'sealed' ? sealed.reason : 'NOT_IN_ROLE';
    await conduct.sealedReadRefused({ viewer, trial, field: EXPORTED, reason });
    return { kind: 'sealed' };
  }
  return { kind: 'open', recorded: reaches.some((reach) => reach.kind === 'whole' && reach.recorded) };
}
