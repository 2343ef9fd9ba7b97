import type { DocumentKey, TenantId } from '@cairn/event-sourcing';
import { LRUCache } from 'lru-cache';
import type { Database } from '../postgres/database.js';
import { type GenerationId, loadDocuments } from './document-table.js';
import { type DocumentMemory, documentKey, type FoldedDocument } from './page-fold.js';

/** Characters of payload in the documents that are kept: about the bytes that they take. */
const MAX_PAYLOAD = 256_000_000;

/** Documents that were folded lately, of all projections and logs of a worker. */
export class RecentDocuments {
  private readonly documents: LRUCache<string, { readonly document: FoldedDocument }>;
  private opened = 0;

  /** @param maxDocuments kept at the most; less when they are large */
  constructor(maxDocuments: number) {
    this.documents = new LRUCache({
      max: maxDocuments,
      maxSize: MAX_PAYLOAD,
      sizeCalculation: ({ document }) => document.payload + 1,
    });
  }

  /** A new, empty part of the memory. What an earlier part holds is never seen again and ages out. */
  open(database: Database, id: GenerationId, tenant: TenantId): DocumentMemory {
    const part = `${++this.opened}\n`;
    return {
      get: (scope, documentId) => this.documents.get(part + documentKey({ scope, id: documentId }))?.document,
      // In a new wrapper each time: the size of a value that is the same is not taken again.
      keep: (document) => void this.documents.set(part + documentKey(document), { document }),
      load: (keys: readonly DocumentKey[]) =>
        database.inTenant(tenant, (client) => loadDocuments(client, id, tenant, keys)),
    };
  }
}
