import { EventStoreUnavailable, type TenantId } from '@cairn/event-sourcing';
import { isPassing, LogNotEmpty, NoLog, PostgresLog } from '@cairn/platform';
import { InvalidKurrentUrl, KurrentEventStore, KurrentRefused, RecordedElsewhere } from '@cairn/platform/kurrent';
import { CopyRefused, LogCopy, Uncopyable } from '@cairn/platform/log-copy';
import { ExitCode, ServerUnreachable, UsageError } from '../exit-code.js';
import { grouped, startProgress, tableLines, type Terminal } from '../terminal.js';
import type { MigrateStoreOptions } from './options.js';
import { type Proofs, type Stores, StoresDiffer } from './stores.js';
import { toKurrentdb } from './to-kurrentdb.js';
import { toPostgres } from './to-postgres.js';

export interface StoreUrls {
  readonly postgres: string | undefined;
  readonly kurrentdb: string | undefined;
}

/** No such table, function, schema or role. */
const NO_TABLES = ['42P01', '42883', '3F000', '22023'];

/**
 * `cairn migrate-store`: takes the logs of every tenant from one store to the other, and proves that they are the same there by
 * the roots of their trees. Services must not run meanwhile. Interrupted, the same command goes on.
 * @throws UsageError, ServerUnreachable
 */
export async function migrateStoreCommand(
  { from, to, tenant }: MigrateStoreOptions,
  urls: StoreUrls,
  terminal: Terminal,
): Promise<ExitCode> {
  if (from === to) throw new UsageError('--from and --to are the same store');
  const stores = open(urls);
  const counts = { copied: 0, compared: 0 };
  const began = performance.now();
  const progress = startProgress(terminal.err, `To ${to}`, 1);
  const told = {
    copied: (of: TenantId, events: number) => {
      counts.copied += events;
      progress.update(0, `${of} ${grouped(counts.copied)} events copied`);
    },
    compared: (events: number) => {
      counts.compared += events;
      progress.update(0, `${grouped(counts.compared)} events compared`);
    },
  };
  try {
    const proofs = await (to === 'kurrentdb' ? toKurrentdb(stores, tenant, told) : toPostgres(stores, tenant, told));
    progress.stop();
    print(proofs, terminal);
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    const next = tenant === undefined ? ` EVENT_STORE=${to} goes on from here.` : '';
    terminal.out.write(
      `The same in both: ${grouped(counts.compared)} events of ${proofs.size} tenants, ${grouped(counts.copied)} copied now, ${seconds} s.${next}\n`,
    );
    return ExitCode.done;
  } catch (error) {
    progress.stop();
    if (!(error instanceof StoresDiffer || error instanceof Uncopyable || error instanceof RecordedElsewhere)) {
      throw explained(error);
    }
    terminal.err.write(`cairn: ${error.message}\n`);
    return ExitCode.rowsRefused;
  } finally {
    await Promise.all([stores.postgres.close(), stores.kurrent.close(), stores.copy.close()]);
  }
}

function open({ postgres: postgresUrl, kurrentdb }: StoreUrls): Stores {
  if (postgresUrl === undefined) throw new UsageError('set DATABASE_URL, as who owns the database');
  if (kurrentdb === undefined) throw new UsageError('set KURRENTDB_URL');
  const applicationName = 'cairn migrate-store';
  const kurrent = openKurrent(kurrentdb, applicationName);
  return {
    postgres: new PostgresLog({ url: postgresUrl, role: 'cairn_projector', applicationName }),
    kurrent,
    copy: new LogCopy({ url: postgresUrl, applicationName }),
    postgresUrl,
  };
}

function openKurrent(url: string, applicationName: string): KurrentEventStore {
  try {
    return new KurrentEventStore({ url, applicationName });
  } catch (error) {
    throw explained(error);
  }
}

/** The roots of every log and of its scopes, by which anybody can compare them with what was signed. */
function print(proofs: Proofs, { out }: Terminal): void {
  const rows = [...proofs].flatMap(([tenant, proof]) =>
    proof
      .trees()
      .map(({ scope, size, root }) => [
        tenant,
        scope || '(whole log)',
        grouped(size),
        Buffer.from(root).toString('base64'),
      ]),
  );
  for (const line of tableLines(['tenant', 'scope', 'events', 'root'], rows, new Set([2]))) out.write(`${line}\n`);
}

function explained(error: unknown): unknown {
  if (error instanceof EventStoreUnavailable) return new ServerUnreachable(error.message);
  if ([CopyRefused, InvalidKurrentUrl, KurrentRefused, LogNotEmpty, NoLog].some((kind) => error instanceof kind)) {
    return new UsageError((error as Error).message);
  }
  const { code, severity, message } = error as { code?: unknown; severity?: unknown; message: string };
  if (isPassing(error)) return new ServerUnreachable(`the database does not answer (${message})`);
  if (NO_TABLES.includes(String(code)))
    return new UsageError('the database has no tables of this version: cairn migrate');
  return severity === undefined ? error : new UsageError(`the database refuses: ${message}`);
}
