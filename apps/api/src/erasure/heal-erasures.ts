import { setTimeout as wait } from 'node:timers/promises';
import type { ParticipantKeys } from '@cairn/platform/keys';
import type { FreeText } from '../free-text/free-text.js';
import type { TrialErasures } from './trial-erasures.js';

/** Nest's token for `() => Promise<void>`: destroys what should be destroyed by now. */
export const HEALING = Symbol('healing erasures');

/** An erased participant's key may not be used whether it is there or not; how long it may be there, in milliseconds. */
const EVERY_MS = 30_000;

/**
 * Destroys the keys of everybody whose erasure is on record: a process may have ended between the two, the keys' store may
 * have been away, or their folder may have been brought back from a copy.
 */
export async function healErasures(
  keys: Pick<ParticipantKeys, 'trials'>,
  erasures: TrialErasures,
  freeText: FreeText,
): Promise<void> {
  for (const { tenant, trial } of await keys.trials()) {
    for (const participant of await erasures.erased(tenant, trial)) {
      await freeText.eraseAgain({ tenant, trial, participant });
    }
  }
}

/** Again and again until it is stopped; what fails is told and tried again. */
export async function keepErasuresHealed(
  heal: () => Promise<void>,
  stopping: AbortSignal,
  failed: (error: unknown) => void,
  everyMs = EVERY_MS,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      await heal();
    } catch (error) {
      if (!stopping.aborted) failed(error);
    }
    await wait(everyMs, undefined, { signal: stopping, ref: false }).catch(() => undefined);
  }
}
