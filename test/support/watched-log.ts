import { randomUUID } from 'node:crypto';
import type { DeliveryEvent } from '@cairn/delivery';
import {
  type Append,
  eventId,
  type EventStore,
  type Fact,
  formatInstant,
  type Instant,
  type Position,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import { Database, PostgresEventStore } from '@cairn/platform';
import type { TrialEvent } from '@cairn/registry';
import type { SignalEvent, SignalRuleEvent, SignalsEvent } from '@cairn/signals';
import { catalogue } from '../../apps/alerter/src/catalogue.js';
import { RecentTrials } from '../../apps/alerter/src/watch/recent-trials.js';
import { TenantWatch, type WatchTurn } from '../../apps/alerter/src/watch/tenant-watch.js';
import { WatchStore } from '../../apps/alerter/src/watch/watch-store.js';
import { protocol } from './running-api.js';
import type { TestDatabase } from './test-database.js';

/** An RFC 3339 timestamp, or milliseconds. */
type When = string | Instant;
const instantOf = (when: When): Instant => (typeof when === 'number' ? when : Date.parse(when));

/** A log that a test writes to, and watches that look at it by the test's clock. */
export interface WatchedLog {
  readonly store: PostgresEventStore;
  readonly watch: WatchStore;
  /** The time by which everything is judged. */
  now: Instant;
  /** A watch that begins with what the database has. */
  newWatch(trials?: RecentTrials, tenant?: TenantId): TenantWatch;
  /** Records events, past every rule, each in the stream of whom it is about. @returns their ids */
  append(events: readonly Recordable[], tenant?: TenantId): Promise<readonly string[]>;
  /** Lets a watch do all that there is to do at a time. @returns its last turn */
  lookAt(when: When, watching?: TenantWatch): Promise<WatchTurn>;
  /** What is on record of signals, in the order of the log. */
  signals(tenant?: TenantId): Promise<readonly Fact<SignalEvent>[]>;
  close(): Promise<void>;
}

/** @param tenant whose log it is, unless another one is named */
export function watchLog(database: TestDatabase, tenant: TenantId): WatchedLog {
  const as = { url: database.services.alerter, role: 'cairn_alerter' as const, applicationName: 'test watch' };
  const store = new PostgresEventStore(as);
  const connections = new Database({ ...as, max: 3 });
  const watch = new WatchStore(connections);
  const log: WatchedLog = {
    store,
    watch,
    now: 0,
    newWatch: (trials = new RecentTrials(), of = tenant) =>
      new TenantWatch(of, { store, watch, catalogue, trials, now: () => log.now }),
    lookAt: async (when, watching = log.newWatch()) => {
      log.now = instantOf(when);
      for (;;) {
        const turn = await watching.turn();
        if (!turn.more) return turn;
      }
    },
    append: (events, of = tenant) => append(store, events, of),
    signals: async (of = tenant) => {
      const found: Fact<SignalEvent>[] = [];
      for (let from: Position = 0n; ;) {
        const page = await store.readLog(of, { from, limit: 10_000 });
        const own = page.map((event) => catalogue.decode(event)).filter(({ data }) => 'signal' in (data as object));
        found.push(...(own as Fact<SignalEvent>[]));
        if (page.length < 10_000) return found;
        from = page.at(-1)!.position;
      }
    },
    close: async () => {
      await store.close();
      await connections.close();
    },
  };
  return log;
}

type Recordable = TrialEvent | DeliveryEvent | SignalsEvent;

async function append(
  store: Pick<EventStore, 'append'>,
  events: readonly Recordable[],
  tenant: TenantId,
): Promise<readonly string[]> {
  const appended = recordable(events).map(async (each) => {
    const outcome = await store.append(tenant, each);
    if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`);
    return eventId(each.commandId, 0);
  });
  return Promise.all(appended);
}

/** Events as a store takes them, past every rule, each in the stream of whom it is about. */
export const recordable = (events: readonly Recordable[]): readonly Append[] =>
  events.map((event) => ({
    stream: streamOf(event),
    expected: 'any',
    commandId: randomUUID(),
    actor: 'test',
    events: [catalogue.encode(event)],
  }));

function streamOf({ data }: Recordable): string {
  if ('signal' in data) return streamName(data.trial, 'signal', data.signal);
  if ('definition' in data) return streamName(data.trial, 'signal-rules');
  if ('participant' in data) return streamName(data.trial, 'participant', data.participant ?? '');
  if ('supervision' in data) return streamName(data.trial, 'site', data.site, 'supervision', data.supervision);
  return streamName(data.trial, 'trial');
}

/** A trial with its sites and a worker, and nothing else for rules to find. */
export const registered = (
  trial: string,
  {
    timeZone = 'Europe/London',
    at = '2017-01-01T00:00:00Z',
    sites = ['S1'],
    followUpWithinDays = 7,
  }: {
    readonly timeZone?: string;
    readonly at?: When;
    readonly sites?: readonly string[];
    readonly followUpWithinDays?: number;
  } = {},
): readonly TrialEvent[] => {
  const occurredAt = instantOf(at);
  const about = {
    trial,
    title: trial,
    timeZone,
    protocol: { ...protocol, engagementDefinitions: [], followUpWithinDays },
  };
  const site = {
    employerKind: 'NHS' as const,
    employerName: 'T',
    hostOrganisation: 'T',
    localities: ['urban' as const],
  };
  return [
    { type: 'TrialRegistered', occurredAt, data: about },
    ...sites.map((id): TrialEvent => ({
      type: 'SiteRegistered',
      occurredAt,
      data: { trial, site: id, name: id, ...site },
    })),
    { type: 'WorkerRegistered', occurredAt, data: { trial, worker: 'W1', site: sites[0]!, role: 'peer_worker' } },
  ];
};

/** Somebody of the usual arm, whom one rule alone looks at: that their follow-up comes in time after discharge. */
export const discharged = (trial: string, participant: string, at: When, site = 'S1'): readonly DeliveryEvent[] => {
  const dischargedAt = instantOf(at);
  const before = (days: number): Instant => dischargedAt - days * 86_400_000;
  const about = { trial, participant };
  return [
    { type: 'ParticipantReferred', occurredAt: before(2), data: { ...about, site } },
    { type: 'ParticipantRandomised', occurredAt: before(1), data: { ...about, arm: 'usual' } },
    { type: 'ParticipantDischarged', occurredAt: dischargedAt, data: about },
  ];
};

export const followedUp = (trial: string, participant: string, at: When): DeliveryEvent => ({
  type: 'FollowUpRecorded',
  occurredAt: instantOf(at),
  data: { trial, participant },
});

/** The shipped rule about follow-ups with another term, or switched off. */
export const followUpRule = (
  trial: string,
  version: number,
  changes: { readonly withinDays?: number; readonly enabled?: boolean; readonly escalateAfterDays?: number },
): SignalRuleEvent => {
  const { withinDays = 7, enabled = true, ...more } = changes;
  return {
    type: 'SignalRulePublished',
    occurredAt: 0,
    data: {
      trial,
      version,
      reason: 'test',
      definition: {
        rule: 'follow_up_overdue',
        title: 'Follow-up overdue',
        severity: 'warning',
        enabled,
        condition: {
          kind: 'absence',
          after: [{ what: 'discharge' }],
          expected: { what: 'follow_up' },
          withinDays,
          of: 'randomised',
        },
        ...more,
      },
    },
  };
};

/** What became of signals in short: `P1 raised 2017-01-09T00:00:00.000Z`. */
export const inShort = (events: readonly Fact<SignalEvent>[]): readonly string[] =>
  events.map(({ type, occurredAt, data }) =>
    [
      data.subject.id,
      type.replace('Signal', '').toLowerCase(),
      formatInstant(occurredAt),
      ...(type === 'SignalCleared' ? [data.why] : []),
    ].join(' '),
  );
