import type { Audience, CutTable } from '@cairn/audit';
import type { Viewer } from '@cairn/access';
import type { Disclosures } from '../graphql/disclosures.js';
import { sealed } from '../graphql/errors.js';
import type { TrialView } from '../registry/trial-view.js';
import type { CutReader, KeptTable, TakenCut } from './cut-reader.js';

/** An audience whose tables are shown as they are. Those by arm are masked first, which is the closed report's affair. */
export type OpenAudience = Exclude<Audience, 'closed'>;

/** The field that a record of a sealed read names. */
const TABLES = 'DataCut.tables';

/** A cut as one viewer may see it at this moment. Resolvers have nothing but this. */
export class CutSight {
  constructor(
    private readonly reader: CutReader,
    readonly view: TrialView,
    readonly taken: TakenCut,
    private readonly viewer: Viewer,
  ) {}

  get trial(): string {
    return this.view.trial;
  }

  /** Whether tables for this audience are for the viewer. */
  shows(audience: Audience): boolean {
    return shows(this.viewer, this.trial, audience);
  }

  /**
   * Tables that are for the viewer; where looks at arms are recorded, once that is.
   * @throws a typed error (SEALED) when those of an audience are asked for that the viewer does not belong to
   * @throws CutAltered
   */
  async tables(
    disclosures: Disclosures,
    { audience, table }: { readonly audience?: OpenAudience | undefined; readonly table?: string | undefined } = {},
  ): Promise<readonly KeptTable[]> {
    if (audience !== undefined && !this.shows(audience)) throw sealed('NOT_IN_ROLE');
    const wanted = (listed: CutTable): boolean =>
      this.shows(listed.audience) &&
      (audience ?? listed.audience) === listed.audience &&
      (table ?? listed.table) === listed.table;
    const tables = await this.reader.tables(this.viewer.tenant, this.taken, wanted);
    const unblinded = tables.filter(({ listed }) => listed.audience === 'unblinded');
    const reach = this.viewer.reach('allocation', this.trial);
    if (unblinded.length > 0 && reach.kind === 'whole' && reach.recorded) {
      await disclosures.lookAtAll(this.viewer, this.trial, TABLES, participantsIn(unblinded), 'role');
    }
    return tables;
  }
}

/** Whether tables of a trial's cuts for this audience are for the viewer. */
export function shows(viewer: Viewer, trial: string, audience: Audience): boolean {
  const whole = (area: 'cuts' | 'allocation'): boolean => viewer.reach(area, trial).kind === 'whole';
  switch (audience) {
    case 'open':
      return whole('cuts');
    case 'unblinded':
      return whole('cuts') && whole('allocation');
    case 'closed':
      return false;
    default:
      return audience satisfies never;
  }
}

/** Ids of those whom tables name. */
const participantsIn = (tables: readonly KeptTable[]): ReadonlySet<string> =>
  new Set(
    tables.flatMap(({ content: { rows } }) =>
      rows.flatMap(({ participant }) => (typeof participant === 'string' ? [participant] : [])),
    ),
  );
