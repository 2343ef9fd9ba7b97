import { checkCut, cutStream, type DataCut, type ExportedEvent, keptText, type KeptPart } from '@cairn/audit';

/** A cut with the texts of its tables, as the events of its stream have them. */
export interface KeptCut {
  readonly cut: DataCut;
  readonly tables: ReadonlyMap<string, string>;
}

/** Reads the cuts out of a trial's events: each is one event, and parts of its tables that follow it at once. */
export class CutReader {
  private taken: DataCut | undefined;
  private parts: KeptPart[] = [];

  constructor(private readonly trial: string) {}

  /** @returns the cut whose last event it is @throws CutAltered when that is not what was taken */
  add(event: ExportedEvent): KeptCut | undefined {
    if (event.type === 'DataCutTaken') {
      const cut = JSON.parse(event.payload) as DataCut;
      this.taken = event.stream === cutStream(this.trial, cut.cut) ? cut : undefined;
      this.parts = [];
    } else if (event.type === 'CutTableKept' && this.taken && event.stream === cutStream(this.trial, this.taken.cut)) {
      this.parts.push(JSON.parse(event.payload) as KeptPart);
    } else {
      this.taken = undefined;
    }
    const cut = this.taken;
    if (!cut || this.parts.length < cut.tables.reduce((sum, table) => sum + table.parts, 0)) return undefined;
    this.taken = undefined;
    checkCut(cut);
    return { cut, tables: new Map(cut.tables.map((table) => [table.table, keptText(cut.cut, table, this.parts)])) };
  }
}
