import type { DocumentKey, TenantId } from '@cairn/event-sourcing';
import type { Database } from '../postgres/database.js';
import { copyDocuments } from './copy-documents.js';
import { type GenerationId, indexDocumentTable, loadDocuments, upsertDocuments } from './document-table.js';
import { type DocumentMemory, documentKey, type FoldedDocument } from './page-fold.js';

/** Documents in one upsert. */
const UPSERT_BATCH = 500;

/**
 * The documents of one log while a generation is built from its start. All of them are in memory and go to the table by
 * one COPY at the end, unless they grow too big: then what there is spills into the table, and from there on documents
 * are read back when they are touched again. The rows are the same in the end.
 */
export class BuildDocuments implements DocumentMemory {
  private readonly scopes = new Map<string, Map<string, FoldedDocument>>();
  /** Keys of documents in memory that the table has too, in an older state. */
  private readonly stored = new Set<string>();
  private count = 0;
  private spilled = false;

  constructor(
    private readonly database: Database,
    private readonly id: GenerationId,
    private readonly tenant: TenantId,
  ) {}

  /** Documents in memory. */
  get size(): number {
    return this.count;
  }

  get(scope: string, id: string): FoldedDocument | undefined {
    return this.scopes.get(scope)?.get(id);
  }

  keep(document: FoldedDocument): void {
    let scope = this.scopes.get(document.scope);
    if (!scope) {
      scope = new Map();
      this.scopes.set(document.scope, scope);
    }
    if (scope.has(document.id)) return;
    scope.set(document.id, document);
    this.count++;
  }

  async load(keys: readonly DocumentKey[]): Promise<readonly FoldedDocument[]> {
    if (!this.spilled) return [];
    const found = await this.database.inTenant(this.tenant, (client) =>
      loadDocuments(client, this.id, this.tenant, keys),
    );
    for (const document of found) this.stored.add(documentKey(document));
    return found;
  }

  /** Writes everything to the table, which is then searched by key: `indexed` says whether it can be already. */
  async spill(indexed: boolean): Promise<void> {
    await this.flush();
    if (!indexed) await this.database.inTenant(this.tenant, (client) => indexDocumentTable(client, this.id));
    this.spilled = true;
  }

  /** Writes everything to the table and forgets it. */
  async flush(): Promise<void> {
    const older: FoldedDocument[] = [];
    for (const document of this.stored.size > 0 ? this.all() : []) {
      if (this.stored.has(documentKey(document))) older.push(document);
    }
    await this.database.inTenant(this.tenant, async (client) => {
      await client.query('set local synchronous_commit = off');
      for (let from = 0; from < older.length; from += UPSERT_BATCH) {
        await upsertDocuments(client, this.id, this.tenant, older.slice(from, from + UPSERT_BATCH));
      }
      await copyDocuments(client, this.id, this.tenant, this.fresh());
    });
    this.scopes.clear();
    this.stored.clear();
    this.count = 0;
  }

  private *all(): Generator<FoldedDocument> {
    for (const scope of this.scopes.values()) yield* scope.values();
  }

  private *fresh(): Generator<FoldedDocument> {
    for (const document of this.all()) {
      if (this.stored.size === 0 || !this.stored.has(documentKey(document))) yield document;
    }
  }
}
