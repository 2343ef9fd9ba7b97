import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { UsageError } from '../exit-code.js';
import { ask, GraphqlError, type Server } from '../server/server.js';

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Cell = z.infer<typeof Cell>;

const Cut = z.object({
  id: z.string(),
  note: z.string(),
  occurredBefore: z.string(),
  position: z.string(),
  size: z.number(),
  protocol: z.number(),
  code: z.string(),
  hash: z.string(),
  takenAt: z.string(),
  takenBy: z.object({ name: z.string() }),
});
/** A data cut as it is listed. */
export type Cut = z.infer<typeof Cut>;
const CUT = 'id note occurredBefore position size protocol code hash takenAt takenBy { name }';

const Table = z.object({
  table: z.string(),
  audience: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  columns: z.array(z.object({ name: z.string(), unit: z.string().nullable(), definition: z.string() })),
});
const TABLE = 'table audience sha256 bytes columns { name unit definition }';
const FullTable = Table.extend({ rows: z.array(z.record(z.string(), Cell)), text: z.string() });
/** A table of a cut with its rows, and the text that was hashed. */
export type FullTable = z.infer<typeof FullTable>;

const CutWithTables = Cut.extend({ tables: z.array(Table) });
export type CutWithTables = z.infer<typeof CutWithTables>;

const Cause = z.object({
  kind: z.string(),
  by: z.number().nullable(),
  at: z.string().nullable(),
  participant: z.string().nullable(),
  site: z.string().nullable(),
  worker: z.string().nullable(),
  event: z.object({ id: z.string(), type: z.string(), recordedAt: z.string() }).nullable(),
});
const Change = z.object({
  table: z.string(),
  key: z.record(z.string(), Cell),
  column: z.string(),
  from: Cell,
  to: Cell,
  causes: z.object({ totalCount: z.number(), edges: z.array(z.object({ node: Cause })) }),
});
/** A value that is another at the second cut, with the first of its causes. */
export type Change = z.infer<typeof Change>;

const PageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
const pagesOf = <Node>(node: z.ZodType<Node>) => z.object({ pageInfo: PageInfo, edges: z.array(z.object({ node })) });
/** Changes and cuts that are asked for at once. */
const PAGE = 200;

/**
 * Takes a cut.
 * @param occurredBefore RFC 3339 text
 * @throws UsageError with the reason for which it is refused
 */
export async function takeCut(
  server: Server,
  input: { readonly trial: string; readonly cut: string; readonly occurredBefore: string; readonly note: string },
): Promise<void> {
  const mutation = `mutation ($input: TakeDataCutInput!) {
    takeDataCut(input: $input) { ... on CommandRefused { code message } } }`;
  const Taken = z.object({ takeDataCut: z.object({ code: z.string(), message: z.string() }).partial() });
  const { takeDataCut } = await asked(server, mutation, { input: { commandId: randomUUID(), ...input } }, Taken);
  if (takeDataCut.code !== undefined) throw new UsageError(`${takeDataCut.code}: ${takeDataCut.message ?? ''}`);
}

/** Newest first. @throws UsageError for a trial that the server does not know */
export async function listCuts(server: Server, trial: string): Promise<readonly Cut[]> {
  const query = `query ($trial: ID!, $after: String) { trial(id: $trial) {
    dataCuts(first: ${PAGE}, after: $after) { pageInfo { hasNextPage endCursor } edges { node { ${CUT} } } } } }`;
  const Answer = ofTrial(z.object({ dataCuts: pagesOf(Cut) }));
  return allPages(async (after) => known(await asked(server, query, { trial, after }, Answer), trial).dataCuts);
}

/** @throws UsageError for a cut that the trial does not have */
export async function findCut(server: Server, trial: string, cut: string): Promise<CutWithTables> {
  const query = `query ($trial: ID!, $cut: ID!) { trial(id: $trial) { dataCut(id: $cut) { ${CUT} tables { ${TABLE} } } } }`;
  const answer = await asked(server, query, { trial, cut }, ofTrial(z.object({ dataCut: CutWithTables.nullable() })));
  const { dataCut } = known(answer, trial);
  if (!dataCut) throw new UsageError(`trial ${trial} has no data cut ${cut}, or it is not shown to your role`);
  return dataCut;
}

/** @throws UsageError for a table that the cut does not have */
export async function findTable(server: Server, trial: string, cut: string, table: string): Promise<FullTable> {
  const query = `query ($trial: ID!, $cut: ID!, $table: ID!) {
    trial(id: $trial) { dataCut(id: $cut) { tables(table: $table) { ${TABLE} rows text } } } }`;
  const Answer = ofTrial(z.object({ dataCut: z.object({ tables: z.array(FullTable) }).nullable() }));
  const { dataCut } = known(await asked(server, query, { trial, cut, table }, Answer), trial);
  const found = dataCut?.tables[0];
  if (!found) throw new UsageError(`data cut ${cut} has no table ${table}, or it is not shown to your role`);
  return found;
}

/**
 * @param causes how many of each change's causes
 * @throws UsageError for cuts that the trial does not have
 */
export async function diffCuts(
  server: Server,
  asking: { readonly trial: string; readonly from: string; readonly to: string; readonly table?: string | undefined },
  causes: number,
): Promise<readonly Change[]> {
  // A document may ask for so much and no more.
  const changes = Math.max(1, Math.floor(PAGE / causes));
  const query = `query ($trial: ID!, $from: ID!, $to: ID!, $table: ID, $after: String) {
    trial(id: $trial) { diff(from: $from, to: $to) { changes(table: $table, first: ${changes}, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { table key column from to causes(first: ${causes}) { totalCount edges { node {
        kind by at participant site worker event { id type recordedAt } } } } } } } } } }`;
  const Answer = ofTrial(z.object({ diff: z.object({ changes: pagesOf(Change) }).nullable() }));
  return allPages(async (after) => {
    const { diff } = known(await asked(server, query, { ...asking, after }, Answer), asking.trial);
    if (!diff) {
      throw new UsageError(`trial ${asking.trial} has not both data cuts, or they are not shown to your role`);
    }
    return diff.changes;
  });
}

const ofTrial = <Data>(trial: z.ZodType<Data>) => z.object({ trial: trial.nullable() });

function known<Data>({ trial }: { readonly trial: Data | null }, id: string): Data {
  if (!trial) throw new UsageError(`there is no trial ${id}`);
  return trial;
}

async function allPages<Node>(
  page: (after: string | null) => Promise<{
    readonly pageInfo: z.infer<typeof PageInfo>;
    readonly edges: readonly { readonly node: Node }[];
  }>,
): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  for (let after: string | null = null; ;) {
    const { pageInfo, edges } = await page(after);
    nodes.push(...edges.map(({ node }) => node));
    if (!pageInfo.hasNextPage) return nodes;
    after = pageInfo.endCursor;
  }
}

async function asked<Data>(server: Server, query: string, variables: object, shape: z.ZodType<Data>): Promise<Data> {
  try {
    return await ask(server, query, { ...variables }, shape);
  } catch (error) {
    if (error instanceof GraphqlError) throw new UsageError(error.message);
    throw error;
  }
}
