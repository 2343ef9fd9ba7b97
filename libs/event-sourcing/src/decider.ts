import type { DomainEvent, Identified } from './event.js';

/** Why a command was not taken: a stable code for programs, a sentence for people. */
export interface Refusal<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
  /** The input field at fault, where one is. */
  readonly field?: string;
}

/** The events a command leads to (none: everything it asks for is so already), or the reason it is refused. */
export type Decision<E extends DomainEvent> =
  | { readonly kind: 'accepted'; readonly events: readonly E[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * The rules of one kind of stream, pure: no clock, no randomness, no I/O.
 * `World` is what the rules may look at outside of the stream, the present time above all.
 */
export interface Decider<Command, E extends DomainEvent, State, World> {
  readonly initial: State;
  decide(command: Command, state: State, world: World): Decision<E>;
  evolve(state: State, event: Identified<E>): State;
}

/** The command is taken. Without events: all that it asks for is so already. */
export const accept = <E extends DomainEvent>(...events: readonly E[]): Decision<E> => ({ kind: 'accepted', events });

/** The command is not taken. @param field the input field at fault, where one is */
export const refuse = <Code extends string>(
  code: Code,
  message: string,
  field?: string,
): { readonly kind: 'refused'; readonly refusal: Refusal<Code> } => ({
  kind: 'refused',
  refusal: field === undefined ? { code, message } : { code, message, field },
});
