import { deepStrictEqual } from 'node:assert/strict';
import type { Decider, Refusal } from './decider.js';
import { eventId } from './event-id.js';
import type { DomainEvent, Identified } from './event.js';

/** The id that `given` gives to its n-th event, for commands that point at one. */
export const givenEventId = (index: number): string => eventId('00000000-0000-4000-8000-000000000000', index);

/** `given(past).when(command).then(events)` for a decider; every step reads like the rule it checks. */
export function specFor<Command, E extends DomainEvent, State, World>(
  decider: Decider<Command, E, State, World>,
  world: World,
) {
  return {
    /** What has happened so far in the stream. */
    given: (...past: readonly E[]) => ({
      when: (command: Command, otherWorld: World = world) => {
        const state = past.reduce(
          (folded, event, index) =>
            decider.evolve(folded, { ...event, id: givenEventId(index) } as unknown as Identified<E>),
          decider.initial,
        );
        const decision = decider.decide(command, state, otherWorld);
        return {
          /** Exactly these events follow; none means that the command changes nothing. */
          then: (...events: readonly E[]): void => {
            deepStrictEqual(decision, { kind: 'accepted', events });
          },
          /** The command is refused with this code. */
          thenRefused: (code: Refusal['code'], field?: string): void => {
            const seen = decision.kind === 'refused' ? decision.refusal : decision;
            deepStrictEqual('code' in seen ? seen.code : seen, code);
            if (field !== undefined) deepStrictEqual('field' in seen ? seen.field : undefined, field);
          },
        };
      },
    }),
  };
}
