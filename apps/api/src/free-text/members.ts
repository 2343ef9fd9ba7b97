import type { CommandName } from '../application/commands.js';

/**
 * What becomes of a text that somebody typed:
 * - `about participant`: refused when it holds an identifier, and stored sealed with the participant's key; of a participant
 *   who was erased it is refused;
 * - `reason`: so too, but that a correction or an emergency must be possible after an erasure as well: then it is stored as
 *   it was typed, like the reason of the erasure itself;
 * - `about trial`: refused when it holds an identifier, and stored as it was typed;
 * - `register`: names and titles of the trial's register and its people, which are there to identify.
 */
export type TextKind = 'about participant' | 'reason' | 'about trial' | 'register';

/** A member of a command that holds free text. */
export interface TextMember {
  readonly kind: TextKind;
  /** Longest text, in UTF-16 code units, where the command's own shape does not say it. */
  readonly max?: number;
}

const of = (kind: TextKind): TextMember => ({ kind });
const upTo = (kind: TextKind, max: number): TextMember => ({ kind, max });
/** Names and addresses are there to identify: of recipients, who are nobody's participants. */
const ofSubscription = { name: of('about trial') };
const ofContact = { note: of('about participant'), activities: of('about participant') };

/**
 * The members of each command that hold free text, by their path within it; what lies below one, elements of a list too, is
 * of its kind. A test walks the shapes of all commands and fails for a text that is not here.
 */
export const freeTextMembers: Readonly<
  Partial<Record<CommandName | (string & {}), Readonly<Record<string, TextMember>>>>
> = {
  registerTenant: { name: of('register') },
  registerTrial: { title: of('register'), registration: of('register'), protocol: of('register') },
  publishProtocol: { protocol: of('register') },
  registerSite: { name: of('register'), employerName: of('register'), hostOrganisation: of('register') },
  registerPerson: { name: of('register') },
  revokeRole: { reason: of('about trial') },
  // No prose: whether it is one, the witness's key says.
  cosignCheckpoint: { cosignature: of('register') },

  recordWardContact: ofContact,
  recordCommunityMeeting: ofContact,
  withdrawParticipant: { reason: of('about participant') },
  voidRecord: { reason: of('reason') },
  amendRecord: {
    reason: of('reason'),
    'changes.note': upTo('about participant', 4_000),
    'changes.activities': upTo('about participant', 200),
    'changes.reason': upTo('about participant', 4_000),
  },

  openAlertSubscription: ofSubscription,
  changeAlertSubscription: ofSubscription,

  requestUnblinding: { reason: of('reason') },
  denyUnblinding: { reason: of('reason') },

  raiseQuery: { text: of('about participant') },
  answerQuery: { text: of('about participant') },
  reopenQuery: { text: of('about participant') },
  closeQuery: { text: of('about participant') },

  // Of a signal about a participant; one about a site or a worker is stored as it was typed.
  acknowledgeSignal: { note: of('about participant') },
  snoozeSignal: { note: of('about participant') },
  escalateSignal: { note: of('about participant') },
  resolveSignal: { note: of('about participant') },
  recordSignalOutcome: { note: of('about participant') },
  publishSignalRule: {
    reason: of('about trial'),
    'definition.title': of('about trial'),
    'definition.description': of('about trial'),
    'definition.source': of('about trial'),
  },

  takeDataCut: { note: of('about trial') },
  makeRecommendation: { text: of('about trial') },
  answerRecommendation: { text: of('about trial') },

  requestErasure: { reason: of('about trial') },
  eraseParticipant: { reason: of('about trial') },
  denyErasure: { reason: of('about trial') },
};

/** The free texts of a command, with their paths. */
export function textsOf(command: Given): readonly FoundText[] {
  const members = Object.hasOwn(freeTextMembers, command.type) ? freeTextMembers[command.type]! : {};
  return Object.entries(members).flatMap(([path, member]) => {
    const parts = path.split('.');
    const value = parts.reduce<unknown>(
      (around, part) =>
        typeof around === 'object' && around !== null ? (around as Record<string, unknown>)[part] : undefined,
      command,
    );
    return textsIn(value).map((text) => ({ path, name: parts.at(-1)!, text, ...member }));
  });
}

/** Whether there is a text in it that is sealed with a participant's key. */
export const hasTextToSeal = (command: Given): boolean => textsOf(command).some(({ kind }) => SEALED.has(kind));

/** Kinds that are sealed. */
export const SEALED: ReadonlySet<TextKind> = new Set(['about participant', 'reason']);

interface Given {
  readonly type: string;
}

export interface FoundText extends TextMember {
  readonly path: string;
  /** The member's own name, which binds a sealed text to it. */
  readonly name: string;
  readonly text: string;
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The command with each free text of these kinds replaced; the same object when it has none. */
export function withTexts<Command extends Given>(
  command: Command,
  kinds: ReadonlySet<TextKind>,
  replaced: (name: string, text: string) => string,
): Command {
  const members = Object.entries(Object.hasOwn(freeTextMembers, command.type) ? freeTextMembers[command.type]! : {});
  return members.reduce<Command>(
    (changed, [path, { kind }]) => (kinds.has(kind) ? (at(changed, path.split('.'), replaced) as Command) : changed),
    command,
  );
}

function at(
  value: unknown,
  [member, ...below]: readonly string[],
  replaced: (name: string, text: string) => string,
): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member!)) return value;
  const inside = (value as Record<string, unknown>)[member!];
  const changed =
    below.length > 0 ? at(inside, below, replaced) : everywhere(inside, (text) => replaced(member!, text));
  return changed === inside ? value : { ...value, [member!]: changed };
}

function everywhere(value: unknown, replaced: (text: string) => string): unknown {
  if (typeof value === 'string') return replaced(value);
  return Array.isArray(value) ? value.map((each) => everywhere(each, replaced)) : value;
}
