import type { Position, TenantId } from '@cairn/event-sourcing';
import {
  fidelityProjection,
  type ParticipantFacts,
  participantsProjection,
  type SiteAssessments,
} from '@cairn/monitoring';
import type { ReadDocument, Reading, ReadMark, ReadModels } from '@cairn/platform';
import { trialsProjection, type Trial } from '@cairn/registry';
import { signalsProjection } from '@cairn/signals';
import type { TrialDocuments } from './trial-state.js';
import type { TrialDocumentSource } from './trial-states.js';

/** What a trial is made from. */
const ofTrials = [trialsProjection, participantsProjection, fidelityProjection] as const;

/** Every read model that answers are made from. */
export const readModelNames = [...ofTrials, signalsProjection] as const;

/** What one reading of a trial gave, and from where to go on. */
export interface TrialReading extends TrialDocuments {
  readonly marks: readonly ReadMark[];
  /** All documents, not just what changed. */
  readonly whole: boolean;
}

/** A trial's documents from the read models. */
export class StoredTrialDocuments implements TrialDocumentSource {
  constructor(private readonly readModels: ReadModels) {}

  async read(tenant: TenantId, trial: string, since?: TrialReading['marks']): Promise<TrialReading> {
    const readings = await this.readAll(tenant, trial, since);
    // When one of them was built anew, all are read anew: what is held then comes from one place only.
    if (since && readings.some((reading) => reading.whole)) return this.read(tenant, trial);
    const [rosters, facts, assessments] = readings as [Reading, Reading, Reading];
    const roster = rosters.documents[0] && (JSON.parse(rosters.documents[0].document) as Trial);
    return {
      marks: readings.map((reading) => reading.mark),
      whole: since === undefined,
      position: readings.map((reading) => reading.mark.position).reduce(least),
      trial: roster?.kind === 'registered' ? roster : undefined,
      participants: parsed<ParticipantFacts>(facts.documents),
      fidelity: parsed<SiteAssessments>(assessments.documents),
    };
  }

  waitFor(tenant: TenantId, position: Position, milliseconds: number): Promise<boolean> {
    return this.readModels.waitFor(tenant, position, { timeoutMs: milliseconds });
  }

  private readAll(tenant: TenantId, trial: string, since?: TrialReading['marks']): Promise<Reading[]> {
    return Promise.all(ofTrials.map((model, index) => this.readModels.documents(tenant, model, trial, since?.[index])));
  }
}

const least = (a: Position, b: Position): Position => (a < b ? a : b);

const parsed = <Document>(documents: readonly ReadDocument[]): ReadonlyMap<string, Document> =>
  new Map(documents.map(({ id, document }) => [id, JSON.parse(document) as Document]));
