import type { DocumentKey, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import { type FoldedDocument, storedDocument } from './page-fold.js';

/** One building of a projection: its documents are in a table of their own. */
export interface GenerationId {
  /** The projection's name. */
  readonly name: string;
  readonly generation: number;
}

/** Where a generation's documents are. Names are checked when a projection is defined, so they need no quoting. */
export const documentTable = ({ name, generation }: GenerationId): string => `read_model.${name}_g${generation}`;

/** What readers select from: the generation that serves this version of the projection. */
export const documentView = (name: string, version: number): string => `read_model.${name}_v${version}`;

/**
 * Makes the table as COPY wants it: without indexes, and open to its owner, who is nobody that answers requests; to all
 * others it is closed from its first moment. How common a value is stays unknown to the planner, which tells its estimates
 * to everyone.
 */
export async function createDocumentTable(client: pg.ClientBase, id: GenerationId): Promise<void> {
  await client.query(`
    create table ${documentTable(id)} (
      tenant text not null,
      scope text not null,
      id text not null,
      position bigint not null,
      document text not null
    );
    alter table ${documentTable(id)}
      alter column tenant set statistics 0,
      alter column scope set statistics 0,
      alter column id set statistics 0;
    alter table ${documentTable(id)} enable row level security;
    create policy tenant on ${documentTable(id)}
      using (tenant = current_setting('cairn.tenant', true)) with check (tenant = current_setting('cairn.tenant', true))`);
}

/** Makes the table findable by key: from here on documents can be upserted. */
export async function indexDocumentTable(client: pg.ClientBase, id: GenerationId): Promise<void> {
  await client.query(`
    alter table ${documentTable(id)} add primary key (tenant, scope, id);
    create index on ${documentTable(id)} (tenant, scope, position);
    analyze ${documentTable(id)}`);
}

/** Binds the owner too, and lets the service read. */
export async function secureDocumentTable(client: pg.ClientBase, id: GenerationId): Promise<void> {
  const table = documentTable(id);
  await client.query(`
    alter table ${table} force row level security;
    grant select on ${table} to cairn_service`);
}

/** Lets readers of the version see this generation. The view reads as its reader, so row-level security holds. */
export async function showDocumentTable(client: pg.ClientBase, id: GenerationId, version: number): Promise<void> {
  const view = documentView(id.name, version);
  await client.query(`
    create or replace view ${view} with (security_invoker = true) as
      select tenant, scope, id, position, document from ${documentTable(id)};
    grant select on ${view} to cairn_service`);
}

export async function loadDocuments(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  keys: readonly DocumentKey[],
): Promise<FoldedDocument[]> {
  const found = await client.query<{ scope: string; id: string; position: string; document: string }>(
    `select d.scope, d.id, d.position, d.document
     from unnest($2::text[], $3::text[]) as wanted (scope, id)
     cross join lateral (
       select * from ${documentTable(id)} d
       where d.tenant = $1 and d.scope = wanted.scope and d.id = wanted.id
       limit 1
     ) d`,
    [tenant, keys.map((key) => key.scope), keys.map((key) => key.id)],
  );
  return found.rows.map((row) => ({
    ...storedDocument(row, BigInt(row.position), JSON.parse(row.document)),
    payload: row.document.length,
  }));
}

/** Documents, and about how many characters of them, in one statement. */
const BATCH_DOCUMENTS = 500;
const BATCH_TEXT = 4_000_000;
/** Between texts that travel as one: JSON has no raw control characters, and needs no escaping this way. */
const SEPARATOR = '\u001e';

/** Writes each document once, whatever was there before. */
export async function upsertDocuments(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  documents: readonly FoldedDocument[],
): Promise<void> {
  for (let from = 0; from < documents.length;) {
    const texts: string[] = [];
    let size = 0;
    while (from + texts.length < documents.length && texts.length < BATCH_DOCUMENTS && size < BATCH_TEXT) {
      const text = JSON.stringify(documents[from + texts.length]!.document);
      size += text.length;
      texts.push(text);
    }
    const batch = documents.slice(from, from + texts.length);
    from += texts.length;
    await client.query(
      `insert into ${documentTable(id)} (tenant, scope, id, position, document)
       select $1, d.scope, d.id, d.position, d.document
       from unnest($2::text[], $3::text[], $4::bigint[], string_to_array($5, U&'\\001E')) as d (scope, id, position, document)
       on conflict (tenant, scope, id) do update set position = excluded.position, document = excluded.document`,
      [
        tenant,
        batch.map((document) => document.scope),
        batch.map((document) => document.id),
        batch.map((document) => document.position),
        texts.join(SEPARATOR),
      ],
    );
  }
}
