import { type ExportedEvent, schemaPath } from '@cairn/audit';
import { canonicalJson, formatInstant } from '@cairn/event-sourcing';
import { z } from 'zod';
import { eventTypes } from '../event-types.js';
import { CutReader, type KeptCut } from './cut-reader.js';
import { cutPath, FILES, tablePath } from './manifest.js';

interface Published {
  readonly version: number;
  readonly occurredAt: string;
  readonly protocol: unknown;
}

/**
 * Collects what the files beside the events are made of. They are there for readers: everything in them is in the events
 * too, so whoever verifies a bundle makes them again.
 */
export class DerivedFiles {
  private readonly schemas = new Map<string, string>();
  private readonly protocols: Published[] = [];
  private readonly cuts: CutReader;
  private found: KeptCut | undefined;

  /** @param wanted the cut whose tables are wanted */
  constructor(
    trial: string,
    private readonly wanted: string | undefined,
  ) {
    this.cuts = new CutReader(trial);
  }

  /** @returns the cut whose last event it is @throws CutAltered */
  add(event: ExportedEvent): KeptCut | undefined {
    this.schemas.set(schemaPath(event), event.type);
    if (event.type === 'TrialRegistered' || event.type === 'ProtocolPublished') {
      const { version = 1, protocol } = JSON.parse(event.payload) as { version?: number; protocol: unknown };
      this.protocols.push({ version, occurredAt: formatInstant(event.occurredAt), protocol });
    }
    const cut = this.cuts.add(event);
    if (cut && cut.cut.cut === this.wanted) this.found = cut;
    return cut;
  }

  /** The cut that is wanted, as soon as its last event has come. */
  get cut(): KeptCut | undefined {
    return this.found;
  }

  /** Paths of the schemas of all types that have come, whether this code knows them or not. */
  schemaPaths(): readonly string[] {
    return [...this.schemas.keys()].sort();
  }

  /** Texts by path. Schemas of types that this code does not know are not among them. */
  files(): ReadonlyMap<string, string> {
    const cut = this.found;
    return new Map([
      ...this.schemaPaths().flatMap((path) => {
        const text = schemaText(this.schemas.get(path)!, path);
        return text === undefined ? [] : [[path, text] as const];
      }),
      [FILES.protocol, `${canonicalJson(this.protocols)}\n`],
      ...(cut ? [[cutPath(cut.cut.cut), `${canonicalJson(cut.cut)}\n`] as const] : []),
      ...[...(cut?.tables ?? [])].map(([table, text]) => [tablePath(cut!.cut.cut, table), `${text}\n`] as const),
    ]);
  }
}

/** They are the same for as long as the code is, and cost more than what they stand beside. */
const made = new Map<string, string | undefined>();

export function schemaText(type: string, path: string): string | undefined {
  if (!made.has(path)) made.set(path, makeSchema(type, path));
  return made.get(path);
}

/** JSON Schema (2020-12) of a type's payload. @returns undefined for a type, or a version of it, that this code does not have */
function makeSchema(type: string, path: string): string | undefined {
  const known = eventTypes.find((each) => each.type === type);
  if (!known || path !== schemaPath({ type, schemaVersion: known.upcasters.length + 1 })) return undefined;
  // What a stored payload looks like is what the schema takes in. Conditions that JSON Schema has no words for are left out.
  const schema = z.toJSONSchema(known.schema as z.ZodType, { io: 'input', unrepresentable: 'any' });
  return `${canonicalJson({ ...schema, $id: path, title: type })}\n`;
}
