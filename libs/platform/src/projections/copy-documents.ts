import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { documentTable, type GenerationId } from './document-table.js';
import type { FoldedDocument } from './page-fold.js';

/** Characters handed to the connection at once. */
const CHUNK = 128 * 1024;

/** Writes documents that the table does not have yet, by COPY; the table must not be under row-level security yet. */
export async function copyDocuments(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  documents: Iterable<FoldedDocument>,
): Promise<void> {
  const copy = client.query(copyFrom(`copy ${documentTable(id)} (tenant, scope, id, position, document) from stdin`));
  await pipeline(Readable.from(copyLines(tenant, documents), { objectMode: true, highWaterMark: 2 }), copy);
}

function* copyLines(tenant: TenantId, documents: Iterable<FoldedDocument>): Generator<Buffer> {
  const tenantField = copyField(tenant);
  let chunk = '';
  for (const { scope, id, position, document } of documents) {
    const json = JSON.stringify(document);
    // JSON has no raw control characters, so only its backslashes would be misread.
    const field = json.includes('\\') ? json.replaceAll('\\', '\\\\') : json;
    chunk += `${tenantField}\t${copyField(scope)}\t${copyField(id)}\t${position}\t${field}\n`;
    if (chunk.length >= CHUNK) {
      yield Buffer.from(chunk);
      chunk = '';
    }
  }
  if (chunk) yield Buffer.from(chunk);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text in COPY's text format. */
const copyField = (text: string): string => text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!);
