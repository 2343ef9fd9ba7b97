import { streamName } from '@cairn/event-sourcing';
import type { RegistryCommand } from './commands.js';

/** The tenant's own stream; a log is one tenant's, so the name needs no id. */
export const tenantStream = streamName('tenant');

/** Who takes part in a trial, and by which protocol. */
export const trialStream = (trial: string): string => streamName(trial, 'trial');

/** The stream that an entry goes to. */
export const streamOf = (command: RegistryCommand): string =>
  'trial' in command ? trialStream(command.trial) : tenantStream;
