import { isIdentifier } from '@cairn/event-sourcing';
import { z } from 'zod';

const Settings = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /^.*$/ }),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  INTROSPECTION: z.stringbool().default(true),
  /** Whose log a request without a `cairn-tenant` header belongs to. */
  DEFAULT_TENANT: z.string().refine(isIdentifier, 'is not an identifier').default('enrich'),
  /** How long the start waits for the database. */
  START_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(60),
  /** Participants' documents kept in memory, over all trials. */
  CACHED_DOCUMENTS: z.coerce.number().int().min(1).default(200_000),
  /** Connections to the database, at the most. */
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(8),
});

export interface Configuration {
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  readonly host: string;
  readonly port: number;
  readonly logLevel: z.infer<typeof Settings>['LOG_LEVEL'];
  readonly introspection: boolean;
  readonly defaultTenant: string;
  readonly startTimeoutSeconds: number;
  readonly cachedDocuments: number;
}

/** Nest's token for the configuration. */
export const CONFIGURATION = Symbol('configuration');

/** One line for each setting that is missing or wrong. Values are not repeated: a database URL holds a password. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** @throws ConfigurationError with everything that is wrong, not just the first thing */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  // An empty variable is how compose files and shells say "not set".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const read = Settings.safeParse(given);
  if (!read.success) {
    throw new ConfigurationError(
      read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    );
  }
  const settings = read.data;
  return {
    databaseUrl: settings.DATABASE_URL,
    databaseConnections: settings.DATABASE_CONNECTIONS,
    host: settings.HOST,
    port: settings.PORT,
    logLevel: settings.LOG_LEVEL,
    introspection: settings.INTROSPECTION,
    defaultTenant: settings.DEFAULT_TENANT,
    startTimeoutSeconds: settings.START_TIMEOUT_SECONDS,
    cachedDocuments: settings.CACHED_DOCUMENTS,
  };
}
