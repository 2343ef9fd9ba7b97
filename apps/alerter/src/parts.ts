import type { Part } from './part.js';
import type { AlerterTools } from './tools.js';

/** What the alerter does, as far as it is set up to. */
export function partsOf(_tools: AlerterTools): readonly Part[] {
  return [];
}
