import { accept, type Decider, type Decision, formatInstant, type Instant } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { SignContent } from './commands.js';
import type { Meaning, signature as signatureShape, SignatureEvent } from './events.js';
import { type AuditWorld, refused } from './refusals.js';

/** Somebody has just proved anew who they are. */
export interface Proof {
  /** As the tenant, or else their issuer, calls them. */
  readonly name: string;
  readonly authenticatedAt: Instant;
}

/** Puts a name under a content. @param contentHash SHA-256 of exactly what is signed, in lower-case hexadecimal */
export const signedBy = (
  person: string,
  { name, authenticatedAt }: Proof,
  meaning: Meaning,
  contentHash: string,
): z.infer<typeof signatureShape> => ({
  person,
  name,
  meaning,
  authenticatedAt: formatInstant(authenticatedAt),
  contentHash,
});

/** What a signature is judged by beside its stream. */
export interface SigningWorld extends AuditWorld {
  /** Undefined for whoever has not proved anew who they are. */
  readonly proof?: Proof | undefined;
  /** The content that is signed, as it stands; undefined when there is none, or none that the signer may see. */
  readonly contentHash?: string | undefined;
}

type Signature = { readonly kind: 'none' } | { readonly kind: 'given'; readonly of: SignatureEvent['data'] };

function decide(command: SignContent, signature: Signature, world: SigningWorld): Decision<SignatureEvent> {
  const { trial, signature: id, event, cut, meaning } = command;
  if (signature.kind === 'given') {
    const { subject } = signature.of;
    const sameSubject = subject.kind === 'cut' ? subject.cut === cut : subject.event === event;
    const same = sameSubject && signature.of.person === world.actor && signature.of.meaning === meaning;
    return same ? accept() : refused('SIGNATURE_EXISTS', 'signature');
  }
  if (!world.proof) return refused('REAUTHENTICATION_REQUIRED', 'reauthentication');
  if (world.contentHash === undefined) return refused('SUBJECT_UNKNOWN', event === undefined ? 'cut' : 'event');
  return accept({
    type: 'ContentSigned',
    occurredAt: world.now,
    data: {
      trial,
      signature: id,
      subject: event === undefined ? { kind: 'cut', cut: cut! } : { kind: 'record', event },
      ...signedBy(world.actor, world.proof, meaning, world.contentHash),
    },
  });
}

/** A signature is given once, and never taken back; what is changed later voids it for all to see. */
export const signatureDecider: Decider<SignContent, SignatureEvent, Signature, SigningWorld> = {
  initial: { kind: 'none' },
  decide,
  evolve: (_, { data }) => ({ kind: 'given', of: data }),
};
