import path from 'node:path';
import { isIdentifier } from '@cairn/event-sourcing';
import { givenSettings } from '@cairn/platform/settings';
import { z } from 'zod';
import { UsageError } from './exit-code.js';

/** Where an embedded Cairn keeps its data unless it is told otherwise. */
const OWN_DATA = path.resolve(import.meta.dirname, '../../../.cairn');

const Settings = z.object({
  CAIRN_URL: z.url({ protocol: /^https?$/, hostname: /^.*$/ }).default('http://localhost:4000'),
  CAIRN_TENANT: z.string().refine(isIdentifier, 'is not an identifier').default('enrich'),
  CAIRN_TOKEN: z
    .string()
    // What a header can carry, so that a mistake is told here and not by the network.
    .regex(/^[\w.~+/=-]+$/, 'is not a token')
    .optional(),
  CAIRN_DATA_DIR: z.string().optional(),
  CAIRN_SIGNING_KEYS: z.string().optional(),
  CAIRN_VERIFIER_KEYS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((each) => each !== ''))
    .optional(),
  /** For the bench of hints. */
  KAFKA_BROKERS: z.string().optional(),
  /** The database itself, for `migrate`; every other command asks the server. */
  DATABASE_URL: z.string().optional(),
  API_DATABASE_URL: z.url().optional(),
  PROJECTOR_DATABASE_URL: z.url().optional(),
  ALERTER_DATABASE_URL: z.url().optional(),
  RESTORE_DATABASE_URL: z.url().optional(),
  /** For `migrate-store`. */
  KURRENTDB_URL: z.string().optional(),
  /** npm and npx set it to the folder in which they were called. */
  INIT_CWD: z.string().optional(),
});

/** What holds where no option says otherwise. */
export interface Configuration {
  readonly url: string;
  /** Whose trials an embedded Cairn is asked for; a token says so itself. */
  readonly tenant: string;
  readonly token: string | undefined;
  /** Where an embedded Cairn on this machine keeps its data, and so its issuer's file. */
  readonly dataDir: string;
  /** The key ring that its log is signed with. */
  readonly signingKeys: string;
  /** Its public keys, where the ring is kept elsewhere. */
  readonly verifierKeys: readonly string[] | undefined;
  readonly database: DatabaseSettings;
  readonly kafkaBrokers?: readonly string[] | undefined;
  /** Everything that is set, for whoever looks at the settings of the services. */
  readonly given: Readonly<Record<string, string>>;
}

/** How the database is reached, by whoever migrates it. */
export interface DatabaseSettings {
  /** As somebody who owns the database and may create roles. */
  readonly migrate: string | undefined;
  /** The KurrentDB, where logs are taken from or to one. */
  readonly kurrentdb?: string | undefined;
  /** Of each service that has a login of its own. */
  readonly services: Readonly<Partial<Record<'api' | 'projector' | 'alerter' | 'restore', string>>>;
}

/** @throws UsageError with everything that is wrong, not just the first thing */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  const { given, mistakes } = givenSettings(environment);
  const read = Settings.safeParse(given);
  if (!read.success || mistakes.length > 0) {
    const issues = read.error?.issues ?? [];
    const lines = [...mistakes, ...issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`)];
    throw new UsageError(lines.join('\n'));
  }
  const { CAIRN_URL, CAIRN_TENANT, CAIRN_TOKEN, CAIRN_DATA_DIR, CAIRN_SIGNING_KEYS, INIT_CWD } = read.data;
  const dataDir = path.resolve(INIT_CWD ?? '.', CAIRN_DATA_DIR ?? OWN_DATA);
  return {
    url: CAIRN_URL,
    tenant: CAIRN_TENANT,
    token: CAIRN_TOKEN,
    dataDir,
    signingKeys: path.resolve(INIT_CWD ?? '.', CAIRN_SIGNING_KEYS ?? path.join(dataDir, 'signing-keys.json')),
    verifierKeys: read.data.CAIRN_VERIFIER_KEYS,
    given,
    kafkaBrokers: read.data.KAFKA_BROKERS?.split(','),
    database: {
      migrate: read.data.DATABASE_URL,
      kurrentdb: read.data.KURRENTDB_URL,
      services: {
        ...(read.data.API_DATABASE_URL !== undefined && { api: read.data.API_DATABASE_URL }),
        ...(read.data.PROJECTOR_DATABASE_URL !== undefined && { projector: read.data.PROJECTOR_DATABASE_URL }),
        ...(read.data.ALERTER_DATABASE_URL !== undefined && { alerter: read.data.ALERTER_DATABASE_URL }),
        ...(read.data.RESTORE_DATABASE_URL !== undefined && { restore: read.data.RESTORE_DATABASE_URL }),
      },
    },
  };
}
