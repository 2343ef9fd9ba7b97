import { createHash } from 'node:crypto';
import type { Reach } from '@cairn/access';
import { cloudEventLine, cutEventTypes, cutStream } from '@cairn/audit';
import {
  isReferredTo,
  type Participant,
  participantDecider,
  participantStream,
  siteRecordDecider,
  streamKindOfEvent,
  trainingDecider,
} from '@cairn/delivery';
import {
  type CommandHandler,
  EventCatalogue,
  type EventStore,
  isUuid,
  type RecordedEvent,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import type { KnownTrial } from './rosters.js';
import { isInReach } from './withholdings.js';

/** What is pointed at: a record by its event, a participant, a site. */
export interface Pointer {
  readonly trial: string;
  readonly event?: string | undefined;
  readonly participant?: string | undefined;
  readonly site?: string | undefined;
}

/** Whom it concerns. */
export interface Whereabouts {
  readonly site: string;
  readonly participant?: string;
}

const cuts = new EventCatalogue(cutEventTypes);

/** Records, participants and sites of a trial, as far as they are in somebody's reach. */
export class FoundRecords {
  constructor(
    private readonly store: EventStore,
    private readonly handler: CommandHandler,
  ) {}

  /** Whom it concerns that is pointed at; undefined when it is not there, out of reach, or not one and the same. */
  async about(
    tenant: TenantId,
    { event, participant, site, trial }: Pointer,
    known: KnownTrial,
    reach: Reach,
  ): Promise<Whereabouts | undefined> {
    let about: Whereabouts | undefined;
    if (event !== undefined) about = (await this.record(tenant, trial, event, known, reach))?.about;
    else if (participant !== undefined) about = await this.participant(tenant, trial, participant, known, reach);
    else if (site !== undefined && known.roster.hasSite(site) && coversSite(reach, site)) about = { site };
    if (!about) return undefined;
    const sameParticipant = participant === undefined || participant === about.participant;
    return sameParticipant && (site === undefined || site === about.site) ? about : undefined;
  }

  /**
   * Digest of what is signed: of a record the leaf that it is in the trial's Merkle log, of a cut its own hash.
   * @returns undefined when it is not there, out of reach, or does not stand any more
   */
  async content(
    tenant: TenantId,
    { trial, event, cut }: Pointer & { readonly cut?: string | undefined },
    known: KnownTrial,
    reach: Reach,
  ): Promise<string | undefined> {
    if (cut !== undefined) {
      if (reach.kind !== 'whole') return undefined;
      const [taken] = await this.store.readStream(tenant, cutStream(trial, cut), { limit: 1 });
      const fact = taken && (cuts.decode(taken).data as { readonly hash?: string });
      return fact?.hash;
    }
    const found = event === undefined ? undefined : await this.record(tenant, trial, event, known, reach);
    if (!found?.stands) return undefined;
    return createHash('sha256').update(cloudEventLine(found.event)).digest('hex');
  }

  private async record(
    tenant: TenantId,
    trial: string,
    id: string,
    known: KnownTrial,
    reach: Reach,
  ): Promise<{ readonly about: Whereabouts; readonly stands: boolean; readonly event: RecordedEvent } | undefined> {
    const event = isUuid(id) ? await this.store.findEvent(tenant, id) : undefined;
    if (!event?.stream.startsWith(`${streamName(trial)}/`)) return undefined;
    const kind = streamKindOfEvent(event.type);
    switch (kind) {
      case undefined:
        return undefined;
      case 'participant': {
        const state = await this.handler.stateOf(participantDecider, tenant, event.stream);
        const { participant } = JSON.parse(event.payload) as { readonly participant: string };
        const about = aboutParticipant(participant, state, known, reach);
        return about && { about, stands: state.find(id).kind === 'standing', event };
      }
      case 'siteRecord': {
        const state = await this.handler.stateOf(siteRecordDecider, tenant, event.stream);
        const { site } = JSON.parse(event.payload) as { readonly site: string };
        if (!coversSite(reach, site)) return undefined;
        return { about: { site }, stands: state.find(id).kind === 'standing', event };
      }
      case 'training': {
        const state = await this.handler.stateOf(trainingDecider, tenant, event.stream);
        const site = known.siteOf((JSON.parse(event.payload) as { readonly worker: string }).worker);
        if (site === undefined || !coversSite(reach, site)) return undefined;
        return { about: { site }, stands: state.find(id).kind === 'standing', event };
      }
      default:
        return kind satisfies never;
    }
  }

  private async participant(
    tenant: TenantId,
    trial: string,
    participant: string,
    known: KnownTrial,
    reach: Reach,
  ): Promise<Whereabouts | undefined> {
    const state = await this.handler.stateOf(participantDecider, tenant, participantStream(trial, participant));
    return aboutParticipant(participant, state, known, reach);
  }
}

function aboutParticipant(
  participant: string,
  state: Participant,
  known: KnownTrial,
  reach: Reach,
): Whereabouts | undefined {
  const site = known.sites.find((each) => isReferredTo(state, each));
  return site === undefined || !isInReach(reach, state) ? undefined : { site, participant };
}

const coversSite = (reach: Reach, site: string): boolean =>
  reach.kind === 'whole' || (reach.kind === 'part' && reach.sites.has(site));
