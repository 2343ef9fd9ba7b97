import type { DocumentKey } from '@cairn/event-sourcing';
import { type DocumentMemory, documentKey, type FoldedDocument } from './page-fold.js';

/**
 * Documents that are ahead of what is stored, in front of a memory that may forget any of its own: read again from the
 * table, such a one would lack what is not written yet.
 */
export class UnwrittenDocuments implements DocumentMemory {
  private readonly documents = new Map<string, FoldedDocument>();

  constructor(private readonly written: DocumentMemory) {}

  get(scope: string, id: string): FoldedDocument | undefined {
    return this.documents.get(documentKey({ scope, id })) ?? this.written.get(scope, id);
  }

  keep(document: FoldedDocument): void {
    this.documents.set(documentKey(document), document);
  }

  load(keys: readonly DocumentKey[]): Promise<readonly FoldedDocument[]> {
    return this.written.load(keys);
  }

  /** All of them, to be written now; from here on the memory behind has them. */
  take(): readonly FoldedDocument[] {
    const all = [...this.documents.values()];
    this.documents.clear();
    for (const document of all) this.written.keep(document);
    return all;
  }
}
