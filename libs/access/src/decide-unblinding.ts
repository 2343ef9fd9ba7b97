import { accept, type Decider, type Decision, formatInstant } from '@cairn/event-sourcing';
import type { UnblindingCommand } from './commands.js';
import type { UnblindingEvent } from './events.js';
import { type AccessWorld, refused } from './refusals.js';
import { evolve, noUnblindings, type Unblinding, type Unblindings } from './unblinding.js';

type CommandOf<Type extends UnblindingCommand['type']> = Extract<UnblindingCommand, { type: Type }>;

/** Long enough for an emergency and its paperwork, too short to become a habit. */
export const UNBLINDING_LASTS_MS = 24 * 60 * 60 * 1000;

function decide(command: UnblindingCommand, unblindings: Unblindings, world: AccessWorld): Decision<UnblindingEvent> {
  const asked = unblindings.find(({ request }) => request === command.request);
  switch (command.type) {
    case 'requestUnblinding':
      return requestUnblinding(command, asked, world);
    case 'approveUnblinding':
    case 'denyUnblinding':
      if (!asked) return refused('UNBLINDING_UNKNOWN', 'request');
      if (asked.person === world.actor) return refused('SAME_PERSON', 'request');
      return command.type === 'approveUnblinding'
        ? approveUnblinding(command, asked, world)
        : denyUnblinding(command, asked, world);
    default:
      return command satisfies never;
  }
}

function requestUnblinding(
  { type: _, ...data }: CommandOf<'requestUnblinding'>,
  asked: Unblinding | undefined,
  { now, actor }: AccessWorld,
): Decision<UnblindingEvent> {
  if (!asked) return accept({ type: 'UnblindingRequested', occurredAt: now, data: { ...data, person: actor } });
  return asked.person === actor && asked.reason === data.reason ? accept() : refused('UNBLINDING_EXISTS', 'request');
}

function approveUnblinding(
  { type: _, ...data }: CommandOf<'approveUnblinding'>,
  asked: Unblinding,
  { now, actor }: AccessWorld,
): Decision<UnblindingEvent> {
  switch (asked.kind) {
    case 'requested': {
      const until = formatInstant(now + UNBLINDING_LASTS_MS);
      return accept({ type: 'UnblindingApproved', occurredAt: now, data: { ...data, person: actor, until } });
    }
    case 'approved':
      return asked.decidedBy === actor ? accept() : refused('ALREADY_DECIDED', 'request');
    case 'denied':
      return refused('ALREADY_DECIDED', 'request');
    default:
      return asked satisfies never;
  }
}

function denyUnblinding(
  { type: _, ...data }: CommandOf<'denyUnblinding'>,
  asked: Unblinding,
  { now, actor }: AccessWorld,
): Decision<UnblindingEvent> {
  switch (asked.kind) {
    case 'requested':
      return accept({ type: 'UnblindingDenied', occurredAt: now, data: { ...data, person: actor } });
    case 'denied':
      return asked.decidedBy === actor && asked.denial === data.reason
        ? accept()
        : refused('ALREADY_DECIDED', 'request');
    case 'approved':
      return refused('ALREADY_DECIDED', 'request');
    default:
      return asked satisfies never;
  }
}

/** What may follow when somebody asks to learn a participant's arm: it takes a second person. */
export const unblindingDecider: Decider<UnblindingCommand, UnblindingEvent, Unblindings, AccessWorld> = {
  initial: noUnblindings,
  decide,
  evolve,
};
