import type { Protocol, ProtocolVersion, Site as RegisteredSite, TrialRoster } from '@cairn/registry';
import type { Protocol as ProtocolAnswer, Site } from '../generated/schema.js';

/** The version that was published last. */
export const protocolInForce = ({ protocols }: TrialRoster): ProtocolVersion => protocols.at(-1)!;

/** What calculations need of a trial. */
export const trialRules = (trial: TrialRoster): { readonly timeZone: string; readonly protocol: Protocol } => ({
  timeZone: trial.timeZone,
  protocol: protocolInForce(trial).protocol,
});

/** A site as it is answered. */
export const presentSite = (site: RegisteredSite, trial: TrialRoster): Site => ({
  id: site.site,
  name: site.name,
  employerKind: site.employerKind,
  employerName: site.employerName,
  hostOrganisation: site.hostOrganisation,
  locality: site.localities,
  timeZone: site.timeZone ?? trial.timeZone,
  openedOn: site.openedOn ?? null,
});

/** A version of the protocol as it is answered. */
export const presentProtocol = ({ version, protocol }: ProtocolVersion): ProtocolAnswer => ({
  version,
  arms: protocol.arms,
  strata: protocol.strata,
  monthsAfterDischarge:
    'monthsAfterDischarge' in protocol.interventionWindow ? protocol.interventionWindow.monthsAfterDischarge : null,
  weeksAfterDischarge:
    'weeksAfterDischarge' in protocol.interventionWindow ? protocol.interventionWindow.weeksAfterDischarge : null,
  document: protocol,
});
