import { accept, type Decider, type Decision } from '@cairn/event-sourcing';
import { type Erasure, type Erasures, evolveErasures, isErased, noErasures } from './erasure.js';
import type { ErasureCommand } from './erasure-commands.js';
import type { ErasureEvent } from './events.js';
import { type AuditWorld, refused } from './refusals.js';

function decide(command: ErasureCommand, erasures: Erasures, world: AuditWorld): Decision<ErasureEvent> {
  const asked = erasures.find(({ request }) => request === command.request);
  switch (command.type) {
    case 'requestErasure':
      return requestErasure(command, asked, erasures, world);
    case 'eraseParticipant':
    case 'denyErasure':
      if (!asked) return refused('ERASURE_UNKNOWN', 'request');
      if (asked.person === world.actor) return refused('ERASURE_BY_ONE_PERSON', 'request');
      return decideErasure(command, asked, erasures, world);
    default:
      return command satisfies never;
  }
}

function requestErasure(
  { type: _, ...data }: ErasureCommand,
  asked: Erasure | undefined,
  erasures: Erasures,
  { now, actor }: AuditWorld,
): Decision<ErasureEvent> {
  if (asked) {
    return asked.person === actor && asked.reason === data.reason ? accept() : refused('ERASURE_EXISTS', 'request');
  }
  if (isErased(erasures)) return refused('ALREADY_ERASED', 'participant');
  return accept({ type: 'ErasureRequested', occurredAt: now, data: { ...data, person: actor } });
}

function decideErasure(
  { type, ...data }: ErasureCommand,
  asked: Erasure,
  erasures: Erasures,
  { now, actor }: AuditWorld,
): Decision<ErasureEvent> {
  const wanted = type === 'denyErasure' ? 'denied' : 'erased';
  if (asked.kind !== 'requested') {
    const isSame = asked.kind === wanted && asked.decidedBy === actor && asked.decision === data.reason;
    return isSame ? accept() : refused('ERASURE_DECIDED', 'request');
  }
  // By another request, while this one waited.
  if (isErased(erasures)) return refused('ALREADY_ERASED', 'participant');
  const event = wanted === 'denied' ? 'ErasureDenied' : 'ParticipantErased';
  return accept({ type: event, occurredAt: now, data: { ...data, person: actor } });
}

/** What may follow when somebody asks to have the free text about a participant erased: it takes a second person. */
export const erasureDecider: Decider<ErasureCommand, ErasureEvent, Erasures, AuditWorld> = {
  initial: noErasures,
  decide,
  evolve: evolveErasures,
};
