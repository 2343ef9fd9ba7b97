import type { DocumentKey, TenantId } from '@cairn/event-sourcing';
import type { Database } from '../postgres/database.js';
import { copyDocuments } from './copy-documents.js';
import { loadDocuments, upsertDocuments } from './document-table.js';
import { type DocumentMemory, documentKey, type FoldedDocument } from './page-fold.js';
import type { Building } from './rebuild.js';

/**
 * The documents of one log while a generation is built from its start. They are kept in memory and go to the table by
 * COPY at the end. When they grow too big, those that were not touched for longest go there before; a log is in the
 * order of time, so most of them are complete. One that is touched again is read back. The rows are the same in the end.
 */
export class BuildDocuments implements DocumentMemory {
  private readonly scopes = new Map<string, Map<string, FoldedDocument>>();
  /** Keys of documents that are in the table and not in memory. */
  private readonly spilled = new Set<string>();
  /** Keys of documents in memory that the table has too, in an older state. */
  private readonly stored = new Set<string>();
  private writing: Promise<void> = Promise.resolve();
  /** Documents that the last spill wrote, and how many of them were read back since. */
  private left = 0;
  private returned = 0;
  private page = 0;
  private count = 0;
  private held = 0;

  /** @param index makes the building's table searchable by key */
  constructor(
    private readonly database: Database,
    private readonly building: Building,
    private readonly tenant: TenantId,
    private readonly index: () => Promise<void>,
  ) {}

  /** Documents in memory. */
  get documents(): number {
    return this.count;
  }

  /** Characters of payload folded into the documents in memory: about the bytes that they take. */
  get payload(): number {
    return this.held;
  }

  /** Most of what was spilled last was needed again: what the log works on is larger than the memory that it was given. */
  get thrashing(): boolean {
    return this.returned * 2 > this.left;
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
    if (!scope.has(document.id)) {
      scope.set(document.id, document);
      this.count++;
    }
    this.held += document.payload - document.counted;
    document.counted = document.payload;
    document.touched = this.page;
  }

  async load(keys: readonly DocumentKey[]): Promise<readonly FoldedDocument[]> {
    if (this.spilled.size === 0) return [];
    const wanted = keys.filter((key) => this.spilled.has(documentKey(key)));
    if (wanted.length === 0) return [];
    await this.writing;
    await this.index();
    const found = await this.database.inTenant(this.tenant, (client) =>
      loadDocuments(client, this.building.generation, this.tenant, wanted),
    );
    for (const document of found) {
      const key = documentKey(document);
      this.spilled.delete(key);
      this.stored.add(key);
    }
    this.returned += found.length;
    return found;
  }

  /** Tells later pages from earlier ones: documents of the earliest go first. */
  turnPage(): void {
    this.page++;
  }

  /** Begins to write the older half of the documents to the table, and forgets them. */
  async spill(): Promise<void> {
    await this.writing;
    const pages = [...this.all()].map(({ touched }) => touched).sort((a, b) => a - b);
    const middle = pages[pages.length >> 1];
    if (middle === undefined) return;
    // When half of them are of the present page, all must go.
    this.write(middle < this.page ? (document) => document.touched <= middle : () => true);
  }

  /** Writes everything to the table. */
  async flush(): Promise<void> {
    await this.writing;
    this.write(() => true);
    await this.writing;
  }

  private write(leaves: (document: FoldedDocument) => boolean): void {
    const fresh: FoldedDocument[] = [];
    const older: FoldedDocument[] = [];
    for (const [name, scope] of this.scopes) {
      for (const document of scope.values()) {
        if (!leaves(document)) continue;
        scope.delete(document.id);
        this.count--;
        this.held -= document.counted;
        const key = documentKey(document);
        (this.stored.delete(key) ? older : fresh).push(document);
        this.spilled.add(key);
      }
      if (scope.size === 0) this.scopes.delete(name);
    }
    this.left = fresh.length + older.length;
    this.returned = 0;
    this.writing = this.database.inTenant(this.tenant, async (client) => {
      await client.query('set local synchronous_commit = off');
      await upsertDocuments(client, this.building.generation, this.tenant, older);
      await copyDocuments(client, this.building.generation, this.tenant, fresh);
    });
    // Folding goes on meanwhile; whoever needs the table next is told.
    this.writing.catch(() => undefined);
  }

  private *all(): Generator<FoldedDocument> {
    for (const scope of this.scopes.values()) yield* scope.values();
  }
}
