import { type SignatureEvent, signatureEventTypes, signatureStream } from '@cairn/audit';
import { streamKindOfEvent } from '@cairn/delivery';
import {
  EventCatalogue,
  type EventStore,
  type Fact,
  type Instant,
  type RecordedEvent,
  type TenantId,
} from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import { everyEvent } from '../history/every-event.js';

/** A signature, and what has voided it since. */
export interface GivenSignature {
  readonly given: Fact<SignatureEvent>;
  /** The amendment or the void of the record that was signed. */
  readonly voidedBy: RecordedEvent | undefined;
}

const catalogue = new EventCatalogue(signatureEventTypes);

/** The signatures of trials, from the log. */
export class TrialSignatures {
  constructor(
    private readonly history: Pick<EventHistory, 'read'>,
    private readonly store: Pick<EventStore, 'findEvent' | 'readStream'>,
  ) {}

  /** Those of one record or cut, or all; the last given first. */
  async of(
    tenant: TenantId,
    trial: string,
    subject: { readonly event?: string | undefined; readonly cut?: string | undefined },
  ): Promise<readonly Fact<SignatureEvent>[]> {
    const selection = { streams: { prefixes: [signatureStream(trial, '')] } };
    const found: Fact<SignatureEvent>[] = [];
    for await (const recorded of everyEvent(this.history, tenant, selection)) {
      const fact = catalogue.decode(recorded) as unknown as Fact<SignatureEvent>;
      if (isOf(fact.data.subject, subject)) found.push(fact);
    }
    return found.reverse();
  }

  /** What became of a signature: a later change of what was signed voids it for all to see. */
  async standing(tenant: TenantId, given: Fact<SignatureEvent>, knownAt: Instant): Promise<GivenSignature> {
    const { subject } = given.data;
    // A cut never changes.
    if (subject.kind === 'cut') return { given, voidedBy: undefined };
    const record = await this.store.findEvent(tenant, subject.event);
    const later = record ? await this.store.readStream(tenant, record.stream, { from: record.revision + 1 }) : [];
    return { given, voidedBy: later.find((event) => event.recordedAt <= knownAt && changes(event, subject.event)) };
  }
}

type Subject = SignatureEvent['data']['subject'];

function isOf(
  subject: Subject,
  { event, cut }: { readonly event?: string | undefined; readonly cut?: string | undefined },
): boolean {
  if (event !== undefined && !(subject.kind === 'record' && subject.event === event.toLowerCase())) return false;
  return cut === undefined || (subject.kind === 'cut' && subject.cut === cut);
}

/** A void or an amendment names the event that it changes. */
const changes = ({ type, payload }: RecordedEvent, signed: string): boolean =>
  streamKindOfEvent(type) !== undefined && (JSON.parse(payload) as { readonly event?: unknown }).event === signed;
