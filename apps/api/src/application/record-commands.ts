import type { CommandOutcome } from '@cairn/event-sourcing';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Proof } from '@cairn/audit';
import type { Identity } from '../identity/identity.js';
import { Application } from './application.js';
import { inEvenTime } from './even-time.js';
import type { GivenCommand } from './read-input.js';

/** Commands for one stream, taken together. One class for every verb: what they are is in the menu, `commands.ts`. */
export class RecordCommands extends Command<CommandOutcome> {
  constructor(
    readonly identity: Identity,
    readonly commandId: string,
    readonly commands: readonly GivenCommand[],
    /** That they have just proved who they are. */
    readonly proof?: Proof,
  ) {
    super();
  }
}

@CommandHandler(RecordCommands)
export class RecordCommandsHandler implements ICommandHandler<RecordCommands> {
  constructor(private readonly application: Application) {}

  async execute({ identity, commandId, commands, proof }: RecordCommands): Promise<CommandOutcome> {
    const record = () => this.application.record(identity, commandId, commands, proof);
    const { knowsPositions } = await this.application.viewers.of(identity);
    return knowsPositions ? record() : inEvenTime(record);
  }
}
