import {
  EventCatalogue,
  type Fact,
  formatInstant,
  type Instant,
  type Position,
  type TenantId,
} from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import { type Severity, type SignalEvent, signalEventTypes, signalStream } from '@cairn/signals';
import { everyEvent } from '../history/every-event.js';

/** A signal that the alerter raised, as a report tells of it. */
export interface RaisedSignal {
  readonly signal: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly site: string;
  /** Whom or what it is about. */
  readonly about: string;
  /** When it began to hold, RFC 3339. */
  readonly since: string;
  /** `open`: raised of all arms alike. */
  readonly audience: 'open' | 'delivery';
}

/** A signal that everybody who sees cuts may be told of. */
export type OpenRaisedSignal = RaisedSignal & { readonly audience: 'open' };
export const isOpenSignal = (signal: RaisedSignal): signal is OpenRaisedSignal => signal.audience === 'open';

/** What of a log is in a cut. */
export interface CutEnd {
  readonly position: Position;
  /** Exclusive. */
  readonly occurredBefore: Instant;
}

type Raised = Fact<Extract<SignalEvent, { type: 'SignalRaised' }>>;

const catalogue = new EventCatalogue(signalEventTypes);

/**
 * The signals in a cut that were not in the one before, in the order of the log: it follows from what both ended at, so the
 * same cut tells the same for ever.
 */
export async function raisedSince(
  history: Pick<EventHistory, 'read'>,
  { tenant, trial }: { readonly tenant: TenantId; readonly trial: string },
  now: CutEnd,
  before: CutEnd | undefined,
): Promise<readonly RaisedSignal[]> {
  const selection = { streams: { prefixes: [signalStream(trial, '')] }, types: ['SignalRaised'], upTo: now.position };
  const found: RaisedSignal[] = [];
  for await (const recorded of everyEvent(history, tenant, selection)) {
    const event = catalogue.decode(recorded) as unknown as Raised;
    if (!isIn(event, now) || (before && isIn(event, before))) continue;
    const { signal, rule, severity, site, subject, audience } = event.data;
    const about = subject.kind === 'site' ? subject.id : `${subject.kind} ${subject.id}`;
    found.push({ signal, rule, severity, site, about, since: formatInstant(event.occurredAt), audience });
  }
  return found;
}

const isIn = ({ position, occurredAt }: Raised, end: CutEnd): boolean =>
  position <= end.position && occurredAt < end.occurredBefore;
