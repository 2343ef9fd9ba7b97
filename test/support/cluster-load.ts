import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Position, RecordedEvent } from '@cairn/event-sourcing';
import type { PostgresEventStore } from '@cairn/platform';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { PatientClient } from './patient-client.js';
import { followAlerts, ReceivedAlerts } from './received-alerts.js';
import { recording, setUpTrial } from './running-api.js';

const DAY = 86_400_000;
/** So long ago that follow-up is overdue, which is an alert. */
const DISCHARGE = Math.floor(Date.now() / DAY) * DAY - 30 * DAY;
/** Of ten commands that were answered, so many are sent again with the same id. */
const AGAIN = 3;

export interface Table {
  readonly position: string;
  readonly overall: { readonly randomised: number; readonly offered: number };
  readonly sites: readonly unknown[];
}

const TABLE = `position overall { randomised offered withData engaged } sites { site { id } counts { randomised offered withData engaged } }`;

interface Answered {
  readonly position: string;
  readonly events: readonly { readonly id: string }[];
}

export interface LoadOptions {
  readonly urls: () => readonly string[];
  readonly token: string;
  readonly trial: string;
  readonly sites: readonly string[];
  /** Of participants of their own; as many again all record contacts of one participant. */
  readonly writers: number;
  /** Milliseconds between two commands of one writer. */
  readonly between?: number;
}

/** What people do with the product all day: they record, look, watch a table and follow alerts, through any instance. */
export class ClusterLoad {
  readonly client: PatientClient;
  readonly accepted = new Map<string, Answered>();
  /** Commands that were answered otherwise when they were sent again. */
  readonly answeredOtherwise: string[] = [];
  readonly alerts = new ReceivedAlerts();
  table: Table | undefined;
  queries = 0;
  private readonly recordingEnds = new AbortController();
  private readonly followingEnds = new AbortController();
  private readonly recording: Promise<void>[] = [];
  private readonly following: Promise<void>[] = [];

  private constructor(private readonly options: LoadOptions) {
    this.client = new PatientClient(options.urls, options.token);
  }

  /** Registers the trial, and goes on until it is told to end. */
  static async begin(options: LoadOptions): Promise<ClusterLoad> {
    const load = new ClusterLoad(options);
    const { trial, sites, writers } = options;
    await setUpTrial({ give: (mutation, input) => load.give(mutation, input) }, trial, sites);
    await load.refer('shared', sites[0]!);
    await load.give('allocateWorker', { trial, participant: 'shared', worker: `${sites[0]}-W`, occurredAt: at(-1) });
    await load.follow();
    for (let writer = 0; writer < writers; writer++) {
      load.recording.push(load.recordPeople(writer), load.recordContacts(writer));
    }
    load.recording.push(load.look());
    // Whoever waits for them later is told; until then it is nobody's.
    for (const each of load.recording) each.catch(() => undefined);
    return load;
  }

  /** Waits until nothing is being recorded any more. @throws what a client may not ask again */
  async endRecording(): Promise<void> {
    this.recordingEnds.abort();
    await Promise.all(this.recording);
  }

  async endFollowing(): Promise<void> {
    this.followingEnds.abort();
    await Promise.all(this.following);
  }

  /** Ends all of it, whatever came of it. */
  async giveUp(): Promise<void> {
    this.recordingEnds.abort();
    this.followingEnds.abort();
    this.client.giveUp();
    await Promise.allSettled([...this.recording, ...this.following]);
  }

  /** The table as it is asked for, with everything up to a position. */
  async askedTable(position: Position): Promise<Table> {
    const { trial } = this.options;
    const query = `query ($at: Position) { trial(id: "${trial}", minPosition: $at) { engagement { ${TABLE} } } }`;
    const { data } = await this.client.graphql(query, { at: String(position) });
    return (data!['trial'] as { engagement: Table }).engagement;
  }

  private async give(mutation: string, input: object): Promise<string> {
    const command = { commandId: randomUUID(), ...input };
    const answer = await this.send(mutation, command);
    this.accepted.set(command.commandId, answer);
    if (this.accepted.size % 10 < AGAIN) {
      const again = await this.send(mutation, command);
      if (JSON.stringify(again) !== JSON.stringify(answer)) this.answeredOtherwise.push(command.commandId);
    }
    return answer.position;
  }

  private async send(mutation: string, input: object): Promise<Answered> {
    const { data } = await this.client.graphql(recording(mutation), { input });
    const result = data?.[mutation] as Partial<Answered> | undefined;
    if (result?.position === undefined) throw new Error(`${mutation} was refused: ${JSON.stringify(result)}`);
    return result as Answered;
  }

  private async refer(participant: string, site: string): Promise<void> {
    const about = { trial: this.options.trial, participant };
    await this.give('referParticipant', { ...about, site, occurredAt: at(-3) });
    await this.give('recordRandomisation', { ...about, arm: 'support', occurredAt: at(-2) });
  }

  private async recordPeople(writer: number): Promise<void> {
    const { trial, sites } = this.options;
    for (let n = 0; !this.recordingEnds.signal.aborted; n++) {
      const participant = `P${writer}-${n}`;
      await this.refer(participant, sites[n % sites.length]!);
      await this.give('recordDischarge', { trial, participant, occurredAt: at(0) });
      await this.rest();
    }
  }

  /** Several decide on the same stream at the same time, at different instances. */
  private async recordContacts(writer: number): Promise<void> {
    const { trial, sites } = this.options;
    for (let n = 0; !this.recordingEnds.signal.aborted; n++) {
      await this.give('recordWardContact', {
        ...{ trial, participant: 'shared', worker: `${sites[0]}-W`, contact: `C${writer}-${n}`, minutes: 30 },
        ...{ mode: 'FACE_TO_FACE', outcome: 'ATTENDED', occurredAt: at(-0.5) },
      });
      await this.rest();
    }
  }

  private async look(): Promise<void> {
    const query = `{ trial(id: "${this.options.trial}") { engagement { ${TABLE} } } }`;
    while (!this.recordingEnds.signal.aborted) {
      await this.client.graphql(query);
      this.queries++;
      await pause(50);
    }
  }

  private async follow(): Promise<void> {
    const { trial, token } = this.options;
    const begun = Promise.withResolvers<void>();
    const shown = Promise.withResolvers<void>();
    const { signal } = this.followingEnds;
    this.following.push(
      followAlerts({
        ...{ url: () => `${this.client.next()}/alerts/${trial}`, token, signal },
        begun: () => begun.resolve(),
        take: (alert) => this.alerts.take(alert),
      }),
    );
    const socket = createClient({
      url: () => `${this.client.next().replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 1_000,
      shouldRetry: () => true,
      retryWait: () => pause(100),
    });
    signal.addEventListener('abort', () => void socket.dispose());
    const watching = async (): Promise<void> => {
      const query = `subscription { engagementChanged(trial: "${trial}") { ${TABLE} } }`;
      for await (const { data, errors } of socket.iterate<{ engagementChanged: Table }>({ query })) {
        if (errors) throw new Error(JSON.stringify(errors));
        this.table = data!.engagementChanged;
        shown.resolve();
      }
    };
    this.following.push(
      watching().catch((error: unknown) => {
        if (!signal.aborted) this.client.failures.push(`subscription: ${String(error)}`);
      }),
    );
    await Promise.all([begun.promise, shown.promise]);
  }

  private rest(): Promise<void> {
    return pause(this.options.between ?? 0);
  }
}

const at = (days: number): string => new Date(DISCHARGE + days * DAY).toISOString();

export async function wholeLog(store: PostgresEventStore, tenant: string): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let from = 0n; ;) {
    const page = await store.readLog(tenant, { from, limit: 10_000 });
    events.push(...page);
    if (page.length < 10_000) return events;
    from = page.at(-1)!.position;
  }
}

/** What is wrong with a log after a load: a sentence for each fault. */
export function faultsOf(log: readonly RecordedEvent[], load: ClusterLoad): readonly string[] {
  const faults: string[] = [];
  log.forEach(({ position }, index) => {
    if (position !== BigInt(index + 1)) faults.push(`position ${position} is at place ${index + 1}`);
  });
  const revisions = new Map<string, number>();
  for (const { stream, revision } of log) {
    if (revision !== (revisions.get(stream) ?? -1) + 1) faults.push(`revision ${revision} of ${stream} is out of turn`);
    revisions.set(stream, revision);
  }
  const stored = Map.groupBy(log, ({ commandId }) => commandId);
  for (const [commandId, { position, events }] of load.accepted) {
    const own = stored.get(commandId) ?? [];
    if (JSON.stringify(own.map(({ id }) => id)) !== JSON.stringify(events.map(({ id }) => id))) {
      faults.push(`command ${commandId} was answered ${events.length} events and has ${own.length}`);
    } else if (own.at(-1)!.position !== BigInt(position)) faults.push(`command ${commandId} is not at ${position}`);
  }
  for (const [commandId, [first]] of stored) {
    const isOfLoad = first!.stream.includes('participant');
    if (isOfLoad && !load.accepted.has(commandId)) faults.push(`nobody was told of command ${commandId}`);
  }
  return faults;
}
