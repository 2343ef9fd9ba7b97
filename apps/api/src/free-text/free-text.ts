import { type EventStore, isSealedText, type Refusal } from '@cairn/event-sourcing';
import {
  KeyNotUnwrapped,
  type KeyOwner,
  KeysUnavailable,
  type ParticipantKey,
  type ParticipantKeys,
  type Seal,
  SealBroken,
} from '@cairn/platform/keys';
import { Erasures } from './erasures.js';
import { provisionalSeal } from './provisional-seal.js';
import { SEALED, type TextKind, textsOf, withTexts } from './members.js';

/** Why a text is not shown, to nobody: its key was destroyed, or cannot be had now. */
export type WithheldText = 'ERASED' | 'KEY_UNAVAILABLE';

/** A sealed text as it may be shown: the text, or why it cannot be. */
export type OpenedText =
  { readonly kind: 'open'; readonly text: string } | { readonly kind: 'withheld'; readonly reason: WithheldText };

/** Commands with their texts about a participant sealed. */
export interface SealedCommands<Command> {
  readonly commands: readonly Command[];
  /**
   * Asked when the commands would be recorded, before they are: a refusal of texts about somebody who was erased.
   * @throws KeyWanted when they were sealed with a key that nobody keeps
   */
  readonly whenTaken: () => Refusal | undefined;
}

/** The rules would take the commands, so that a key is wanted: for what they would not take none is made. */
export class KeyWanted extends Error {
  override readonly name = 'KeyWanted';
}

export const PARTICIPANT_ERASED = 'PARTICIPANT_ERASED';
const ERASED_SENTENCE = 'The free text about this participant was erased, and no more of it is taken.';

const ONCE_ERASED: ReadonlySet<TextKind> = new Set(['about participant']);

/** Seals what is typed about participants before it is judged, and opens it for who may see it. */
export class FreeText {
  constructor(
    private readonly keys: ParticipantKeys,
    private readonly erasures: Erasures,
  ) {}

  /**
   * The commands, with what is free text about the participant sealed.
   * @param options `make`: makes a key where there is none; `fresh`: asks for the key anew, and tells by no time whether there was one
   * @throws KeysUnavailable when there is such text, and the key cannot be had now
   */
  async seal<Command extends { readonly type: string }>(
    commands: readonly Command[],
    owner: KeyOwner,
    { make = false, fresh = false }: { readonly make?: boolean; readonly fresh?: boolean } = {},
  ): Promise<SealedCommands<Command>> {
    const texts = commands.flatMap(textsOf).filter(({ kind }) => SEALED.has(kind));
    if (texts.length === 0) return { commands, whenTaken: () => undefined };
    const sealed = ({ seal }: { readonly seal: Seal }, kinds: ReadonlySet<TextKind>) =>
      commands.map((command) => withTexts(command, kinds, (member, text) => seal.close({ ...owner, member }, text)));
    const key = await this.key(owner, { make, fresh });
    // How long it takes must not tell whether somebody wrote about the participant before.
    if (fresh && key.kind === 'seal' && !make) await this.keys.findOrMake(owner, { even: true });
    switch (key.kind) {
      case 'seal':
        return { commands: sealed(key, SEALED), whenTaken: () => undefined };
      case 'none':
        return {
          commands: sealed({ seal: provisionalSeal() }, SEALED),
          whenTaken: () => {
            throw new KeyWanted();
          },
        };
      case 'destroyed': {
        const refused = texts.find(({ kind }) => ONCE_ERASED.has(kind));
        const refusal = refused && { code: PARTICIPANT_ERASED, message: ERASED_SENTENCE, field: fieldOf(refused.path) };
        return { commands: sealed({ seal: provisionalSeal() }, ONCE_ERASED), whenTaken: () => refusal };
      }
      default:
        return key satisfies never;
    }
  }

  /** @param member name of the member that holds the text. A text that was stored as it was typed is shown so. */
  async open(owner: KeyOwner, member: string, text: string): Promise<OpenedText> {
    if (!isSealedText(text)) return { kind: 'open', text };
    let key: ParticipantKey;
    try {
      key = await this.key(owner, {});
    } catch (error) {
      if (error instanceof KeysUnavailable) return { kind: 'withheld', reason: 'KEY_UNAVAILABLE' };
      throw error;
    }
    if (key.kind !== 'seal')
      return { kind: 'withheld', reason: key.kind === 'destroyed' ? 'ERASED' : 'KEY_UNAVAILABLE' };
    try {
      return { kind: 'open', text: key.seal.open({ ...owner, member }, text) };
    } catch (error) {
      if (error instanceof SealBroken) return { kind: 'withheld', reason: 'KEY_UNAVAILABLE' };
      throw error;
    }
  }

  /** Nothing that was sealed about the participant can be opened again. To be called when that is on record. */
  async erase(owner: KeyOwner): Promise<void> {
    this.erasures.changed(owner);
    await this.keys.destroy(owner);
  }

  /** For what is only rehearsed over this log: keys are looked up, and neither made nor destroyed. */
  rehearsal(store: Pick<EventStore, 'readStream'>): FreeText {
    return new FreeText(this.keys.rehearsal(), new Erasures(store));
  }

  /** Destroys the key if it is still there: it may be that of a process that ended before it could. */
  async eraseAgain(owner: KeyOwner): Promise<void> {
    if ((await this.keys.find(owner, { fresh: true })).kind !== 'destroyed') await this.keys.destroy(owner);
  }

  private async key(
    owner: KeyOwner,
    { make = false, fresh = false }: { readonly make?: boolean; readonly fresh?: boolean },
  ): Promise<ParticipantKey> {
    if (await this.erasures.isErased(owner, { fresh })) return { kind: 'destroyed' };
    try {
      return await (make ? this.keys.findOrMake(owner) : this.keys.find(owner, { fresh }));
    } catch (error) {
      if (error instanceof KeyNotUnwrapped) throw new KeysUnavailable(error.message, { cause: error });
      throw error;
    }
  }
}

/** As the input calls it: members of `changes` are one field. */
const fieldOf = (path: string): string => path.split('.')[0]!;
