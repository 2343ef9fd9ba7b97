import type { Viewer } from '@cairn/access';
import { uuidV5 } from '@cairn/event-sourcing';

/**
 * The id under which a command is recorded. A used id answers what the command did, or that it was used: to whoever may not
 * see the whole log that would tell of what they do not see, and ids can be guessed, because importers make them of what a
 * row says. So theirs are bound to the person: nobody else's can be met. Whoever sees everything shares ids with the others
 * who do, so that a bundle that two managers import is imported once.
 */
export const recordedCommandId = (viewer: Viewer, commandId: string): string =>
  sharesCommandIds(viewer) ? commandId : uuidV5(`${JSON.stringify([viewer.person])} ${commandId.toLowerCase()}`);

const sharesCommandIds = (viewer: Viewer): boolean => viewer.seesInTenant('history') && viewer.knowsPositions;
