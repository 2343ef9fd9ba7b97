import { streamName } from '@cairn/event-sourcing';

export const cutStream = (trial: string, cut: string): string => streamName(trial, 'cut', cut);
export const queryStream = (trial: string, query: string): string => streamName(trial, 'query', query);
export const signatureStream = (trial: string, signature: string): string => streamName(trial, 'signature', signature);
export const recommendationStream = (trial: string, recommendation: string): string =>
  streamName(trial, 'recommendation', recommendation);
export const erasureStream = (trial: string, participant: string): string => streamName(trial, 'erasure', participant);

/** What streams of this context begin with that belong to no trial. */
export const AUDIT_STREAMS = '@audit/';

/** Cosignatures of a trial's checkpoints. Identifiers are percent-encoded in names, `@` among them, so no trial's streams meet it. */
export const witnessStream = (trial: string): string => `${AUDIT_STREAMS}witness/${streamName(trial)}`;
