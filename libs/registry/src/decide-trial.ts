import { accept, type Decider, type Decision } from '@cairn/event-sourcing';
import type { TrialCommand } from './commands.js';
import { type AmendEntry, amendEntry, registrationIn } from './decide-amendment.js';
import type { TrialEvent } from './events.js';
import { refused, type RegistryRefused } from './refusals.js';
import { employmentHasOrder, hasHappened, protocolIsSound, type RegistryWorld } from './rules.js';
import { sameData } from './same-data.js';
import { evolve, type Site, type Trial, type TrialRoster, type Worker } from './trial.js';

type CommandOf<Type extends TrialCommand['type']> = Extract<TrialCommand, { type: Type }>;

function decide(command: TrialCommand | AmendEntry, trial: Trial, world: RegistryWorld): Decision<TrialEvent> {
  if (command.type === 'registerTrial') return registerTrial(command, trial, world);
  if (trial.kind === 'unregistered') return refused('TRIAL_UNKNOWN', 'trial');
  switch (command.type) {
    case 'publishProtocol':
      return publishProtocol(command, trial, world);
    case 'registerSite':
      return registerSite(command, trial, world);
    case 'registerWorker':
      return registerWorker(command, trial, world);
    case 'amendRecord':
      return amendEntry(command, trial, world);
    default:
      return command satisfies never;
  }
}

function registerTrial(command: CommandOf<'registerTrial'>, trial: Trial, world: RegistryWorld): Decision<TrialEvent> {
  const { type: _, occurredAt = world.now, ...data } = command;
  if (trial.kind === 'registered') {
    return sameData(registrationOf(trial), data) ? accept() : refused('TRIAL_EXISTS', 'trial');
  }
  return (
    hasHappened(command, world) ??
    recruitmentHasOrder(command) ??
    protocolIsSound(command.protocol) ??
    accept({ type: 'TrialRegistered', occurredAt, data })
  );
}

function publishProtocol(
  command: CommandOf<'publishProtocol'>,
  trial: TrialRoster,
  world: RegistryWorld,
): Decision<TrialEvent> {
  const { type: _, occurredAt = world.now, ...data } = command;
  const published = trial.protocols.find(({ version }) => version === data.version);
  if (published) {
    return sameData(published.protocol, data.protocol) ? accept() : refused('PROTOCOL_VERSION_EXISTS', 'version');
  }
  return (
    hasHappened(command, world) ??
    versionFollows(command, trial) ??
    protocolIsSound(command.protocol) ??
    accept({ type: 'ProtocolPublished', occurredAt, data })
  );
}

function registerSite(
  command: CommandOf<'registerSite'>,
  trial: TrialRoster,
  world: RegistryWorld,
): Decision<TrialEvent> {
  const { type: _, occurredAt = world.now, ...data } = command;
  const registered = trial.sites.find(({ site }) => site === data.site);
  if (registered) {
    return isOnRecord(trial, registered, data) ? accept() : refused('SITE_EXISTS', 'site');
  }
  return hasHappened(command, world) ?? accept({ type: 'SiteRegistered', occurredAt, data });
}

function registerWorker(
  command: CommandOf<'registerWorker'>,
  trial: TrialRoster,
  world: RegistryWorld,
): Decision<TrialEvent> {
  const { type: _, occurredAt = world.now, ...data } = command;
  const registered = trial.workers.find(({ worker }) => worker === data.worker);
  if (registered) {
    return isOnRecord(trial, registered, data) ? accept() : refused('WORKER_EXISTS', 'worker');
  }
  return (
    hasHappened(command, world) ??
    siteIsKnown(command, trial) ??
    employmentHasOrder(command) ??
    accept({ type: 'WorkerRegistered', occurredAt, data })
  );
}

/** What the trial was registered with, whatever was published since. */
const registrationOf = ({ kind: _k, protocols, sites: _s, workers: _w, ...registration }: TrialRoster): object => ({
  ...registration,
  protocol: protocols[0].protocol,
});

/** As it is or as it was: importing a bundle again stays without effect after an amendment. */
const isOnRecord = (trial: TrialRoster, { before = [], ...now }: Site | Worker, data: object): boolean =>
  [...before, now].some((version) => sameData(registrationIn(trial, version), data));

const recruitmentHasOrder = ({
  recruitmentFrom,
  recruitmentTo,
}: CommandOf<'registerTrial'>): RegistryRefused | undefined =>
  recruitmentFrom !== undefined && recruitmentTo !== undefined && recruitmentTo < recruitmentFrom
    ? refused('RECRUITMENT_ENDS_BEFORE_START', 'recruitmentTo')
    : undefined;

const versionFollows = (
  { version }: CommandOf<'publishProtocol'>,
  { protocols }: TrialRoster,
): RegistryRefused | undefined =>
  version === protocols.length + 1 ? undefined : refused('PROTOCOL_VERSION_SKIPPED', 'version');

const siteIsKnown = ({ site }: CommandOf<'registerWorker'>, { sites }: TrialRoster): RegistryRefused | undefined =>
  sites.some((known) => known.site === site) ? undefined : refused('SITE_UNKNOWN', 'site');

/** What may be entered in a trial's register: itself, versions of its protocol, sites, workers. */
export const trialDecider: Decider<TrialCommand | AmendEntry, TrialEvent, Trial, RegistryWorld> = {
  initial: { kind: 'unregistered' },
  decide,
  evolve,
};
