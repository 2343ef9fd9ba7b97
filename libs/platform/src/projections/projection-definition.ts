import { createHash } from 'node:crypto';
import { canonicalJson, type Projection } from '@cairn/event-sourcing';

/**
 * What happens when a projection throws on an event:
 * - `halt`: the read model of that tenant stays where it is until the code is mended.
 * - `park`: that event and all later ones of the same document wait; other documents go on.
 *
 * An event whose type or version the code does not know always halts: what it would change cannot be told.
 */
export type PoisonPolicy = 'halt' | 'park';

/** A projection made ready to run. */
export interface ProjectionDefinition {
  readonly projection: Projection;
  readonly onPoison: PoisonPolicy;
  /** SHA-256 (hex) of name, version, event types and what the specimen folds to. */
  readonly hash: string;
}

/**
 * Makes a projection ready to run.
 * @throws InvalidProjection when its name or version cannot be used, its specimen leaves out an event type, or its
 * documents do not survive being stored as JSON
 */
export function defineProjection(projection: Projection, onPoison: PoisonPolicy = 'halt'): ProjectionDefinition {
  const { name, version, eventTypes, specimen } = projection;
  if (!/^[a-z][a-z_]{0,39}$/.test(name)) {
    throw new InvalidProjection(name, 'a name is 1 to 40 lower-case letters and underscores');
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new InvalidProjection(name, 'a version is a whole number from 1');
  }
  const missing = eventTypes.filter((type) => !specimen.some((event) => event.type === type));
  if (missing.length > 0) throw new InvalidProjection(name, `its specimen has no event of type ${missing.join(', ')}`);

  const documents = foldSpecimen(projection, (document) => document);
  const stored = foldSpecimen(projection, (document) => JSON.parse(JSON.stringify(document)) as unknown);
  if (canonicalJson(documents) !== canonicalJson(stored)) {
    throw new InvalidProjection(name, 'its specimen folds differently when documents are stored as JSON in between');
  }
  const hash = createHash('sha256')
    .update(canonicalJson({ name, version, eventTypes: eventTypes.toSorted(), documents }))
    .digest('hex');
  return { projection, onPoison, hash };
}

function foldSpecimen(projection: Projection, between: (document: unknown) => unknown): readonly unknown[] {
  const documents = new Map<string, { scope: string; id: string; document: unknown }>();
  for (const event of projection.specimen) {
    if (!projection.eventTypes.includes(event.type)) continue;
    const key = projection.keyOf(event);
    if (!key) continue;
    const at = JSON.stringify([key.scope, key.id]);
    const document = between(projection.evolve(documents.get(at)?.document, event));
    documents.set(at, { scope: key.scope, id: key.id, document });
  }
  return [...documents].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, document]) => document);
}

/** A projection that cannot be run as it is: a programming error. */
export class InvalidProjection extends Error {
  override readonly name = 'InvalidProjection';
  constructor(
    readonly projection: string,
    reason: string,
  ) {
    super(`projection ${projection} cannot be run: ${reason}`);
  }
}

/** The fold changed but its version did not: rows of both would mix in one table. */
export class DefinitionChanged extends Error {
  override readonly name = 'DefinitionChanged';
  constructor(
    readonly projection: string,
    readonly version: number,
  ) {
    super(
      `projection ${projection} folds differently than what is stored as version ${version} was folded; ` +
        `raise its version to ${version + 1}, and the new one is built beside while the old one serves`,
    );
  }
}
