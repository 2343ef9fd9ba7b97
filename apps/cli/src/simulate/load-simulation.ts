import { setTimeout as sleep } from 'node:timers/promises';
import { historyOf, type SimulatedTrial } from '@cairn/simulation';
import { bundleRecord, type BundleRecord, type CommandFromRow } from '../bundle/bundle-record.js';
import type { Server } from '../server/server.js';
import { type RecordOutcome, streamImport } from '../server/stream-import.js';
import { commandOf, isPast, registrations } from './simulated-commands.js';

/** What a load came to. */
export interface LoadSummary {
  readonly accepted: number;
  /** On record already, of an earlier load of the same trial. */
  readonly unchanged: number;
  readonly refused: number;
  /** How often each refusal, by its code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly position: string;
  readonly seconds: number;
}

/** Commands that are given together where no rate is asked for. */
const PAGE = 500;
/** With a rate, so often in a second. */
const TURNS_PER_SECOND = 10;

/**
 * Gives a simulated trial to a server as the commands of its sites, one by one in the order in which things happen; what is
 * yet to happen is left out. A command's id follows from what it says, so what is there already is not added again.
 * @param rate commands per second; undefined: as fast as the server takes them
 * @throws ServerUnreachable
 */
export async function loadSimulation(
  trial: SimulatedTrial,
  server: Server,
  tenant: string,
  rate: number | undefined,
  onProgress: (sent: number) => void,
): Promise<LoadSummary> {
  const startedAt = performance.now();
  const codes: Record<string, number> = {};
  const note = (_: BundleRecord, outcome: RecordOutcome): void => {
    if (outcome.kind === 'refused') codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
  };
  const record = (command: CommandFromRow): BundleRecord =>
    bundleRecord(tenant, trial.description.id, 'simulation', undefined, [command]);
  function* records(now: number): Generator<BundleRecord> {
    for (const command of registrations(trial)) yield record(command);
    for (const happened of historyOf(trial)) if (isPast(happened, now)) yield record(commandOf(happened));
  }

  async function* pages(): AsyncGenerator<readonly BundleRecord[]> {
    const size = rate === undefined ? PAGE : Math.max(1, Math.round(rate / TURNS_PER_SECOND));
    let sent = 0;
    let page: BundleRecord[] = [];
    for (const each of records(Date.now())) {
      page.push(each);
      if (page.length < size) continue;
      yield page;
      sent += page.length;
      onProgress(sent);
      page = [];
      // Against the beginning, so that a late turn is made up for.
      if (rate !== undefined) await sleep(Math.max(0, startedAt + (1_000 * sent) / rate - performance.now()));
    }
    yield page;
  }

  const { accepted, unchanged, refused, position } = await streamImport(server, false, pages(), note);
  return { accepted, unchanged, refused, codes, position, seconds: (performance.now() - startedAt) / 1_000 };
}
