import { type DataCut, type ExportedEvent, tableText } from '@cairn/audit';
import { type DeliveryEvent, deliveryEventTypes } from '@cairn/delivery';
import { type Fact, type Identified, NewerEventVersion, parseInstant, UnknownEventType } from '@cairn/event-sourcing';
import { trialTables } from '@cairn/monitoring';
import { trialDecider, type TrialEvent, trialEventTypes, trialStream } from '@cairn/registry';
import { catalogue } from '../event-types.js';
import type { KeptCut } from '../export/cut-reader.js';
import { FILES, tablePath } from '../export/manifest.js';
import { BundleAltered, BundleUnreadable } from './problem.js';

const ofRegister = new Set<string>(trialEventTypes.map(({ type }) => type));
const ofDelivery = new Set<string>(deliveryEventTypes.map(({ type }) => type));

/** A trial as it is folded from the events of an export: what its tables are made of. */
export class RecomputedTrial {
  private readonly facts: Fact[] = [];

  constructor(
    private readonly trial: string,
    private readonly tenant: string,
  ) {}

  /** @param position in the export, from 1 @throws BundleUnreadable for an event that newer code wrote */
  add(event: ExportedEvent, position: number): void {
    if (!ofRegister.has(event.type) && !ofDelivery.has(event.type)) return;
    try {
      this.facts.push(catalogue.decode({ ...event, tenant: this.tenant, position: BigInt(position) }));
    } catch (error) {
      if (!(error instanceof UnknownEventType) && !(error instanceof NewerEventVersion)) throw error;
      throw new BundleUnreadable('CODE_TOO_OLD', FILES.events, `Position ${position}: ${error.message}.`);
    }
  }

  /**
   * Compares what a cut kept with what follows from the events before it.
   * @throws BundleAltered for the first table, by name, that differs
   */
  compare({ cut, tables: kept }: KeptCut): void {
    const recomputed = this.tables(cut);
    for (const table of [...new Set([...kept.keys(), ...recomputed.keys()])].sort()) {
      if (kept.get(table) === recomputed.get(table)) continue;
      const message = recomputed.has(table)
        ? kept.has(table)
          ? `The table ${table} of the cut ${cut.cut} is not what the events give.`
          : `The cut ${cut.cut} lacks the table ${table}, which the events give.`
        : `The table ${table} of the cut ${cut.cut} does not follow from the events.`;
      throw new BundleAltered({ code: 'TABLE_DIFFERS', file: tablePath(cut.cut, table), message });
    }
  }

  /** The tables of the trial at a cut, each as the text in which a cut keeps it. */
  private tables({ size, occurredBefore }: DataCut): ReadonlyMap<string, string> {
    let register = trialDecider.initial;
    const events: Fact<DeliveryEvent>[] = [];
    for (const fact of this.facts) {
      if (fact.position > BigInt(size)) break;
      if (ofDelivery.has(fact.type)) events.push(fact as unknown as Fact<DeliveryEvent>);
      else if (fact.stream === trialStream(this.trial)) {
        register = trialDecider.evolve(register, fact as unknown as Identified<TrialEvent>);
      }
    }
    if (register.kind !== 'registered') return new Map();
    const tables = trialTables({ register, events, occurredBefore: parseInstant(occurredBefore)! });
    return new Map(tables.map((table) => [table.table, tableText(table)]));
  }
}
