import { randomBytes } from 'node:crypto';
import { DATA_KEY_BYTES, Seal } from '@cairn/platform/keys';

/** Of a key that nobody keeps: whatever is sealed with it is judged, and never stored. */
export const provisionalSeal = (): Seal => new Seal(randomBytes(DATA_KEY_BYTES));
