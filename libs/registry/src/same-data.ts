import { contentText } from '@cairn/event-sourcing';

/** The times in the data of this context's events. */
const TIMES: ReadonlySet<string> = new Set(['startedAt', 'endedAt']);

/** Whether two entries say the same. */
export const sameData = (one: object, other: object): boolean => contentText(one, TIMES) === contentText(other, TIMES);
