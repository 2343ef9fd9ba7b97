import { streamName } from '@cairn/event-sourcing';

/*
 * Streams of this context begin with `@access`. Identifiers are percent-encoded in names, `@` among them, so no trial can
 * be called in a way that its streams meet these.
 */

/** People and their roles, of the whole tenant. */
export const peopleStream = '@access/people';

/** What somebody did that changed nothing: sign-ins, sealed reads, refusals. */
export const conductStream = (person: string): string => `@access/person/${streamName(person)}`;

/** Requests to learn one participant's arm, and what became of them. */
export const unblindingStream = (trial: string, participant: string): string =>
  `@access/unblinding/${streamName(trial, participant)}`;

/** What every stream of this context begins with. */
export const ACCESS_STREAMS = '@access/';
