import { kafkaFrom, kafkaSettings } from '@cairn/platform/kafka';
import path from 'node:path';
import { z } from 'zod';
import type { Configuration } from '../configuration.js';
import { UsageError } from '../exit-code.js';

const port = (standard: number) => z.coerce.number().int().min(1).max(65_535).default(standard);

const Settings = z.object({
  ...kafkaSettings,
  EVENT_STORE: z.enum(['postgres', 'kurrentdb']).default('postgres'),
  KURRENTDB_URL: z.string().optional(),
  PROJECTOR_PORT: port(4_001),
  ALERTER_PORT: port(4_002),
  CAIRN_KEYS: z.enum(['file', 'vault']).default('file'),
  CAIRN_KEYS_DIR: z.string().optional(),
  CAIRN_PROOFS: z.enum(['on', 'off']).default('on'),
  OIDC_ISSUER: z.url().optional(),
});

/** Where services are, where that is not what the settings say. */
export interface DoctorOptions {
  readonly json: boolean;
  readonly projector?: string;
  readonly alerter?: string;
  readonly backup?: string;
  /** How old a backup may be, in hours. */
  readonly backupHours: number;
}

/** What the doctor looks at, as far as it is set up. */
export interface DoctorSettings {
  /** As who owns the database; undefined where the embedded one does not run. */
  readonly databaseUrl: string | undefined;
  readonly isEmbedded: boolean;
  readonly services: Configuration['database']['services'];
  readonly urls: Readonly<Record<'API' | 'PROJECTOR' | 'ALERTER', string>>;
  readonly kurrentdb: string | undefined;
  readonly kafka: ReturnType<typeof kafkaFrom>;
  readonly issuer: string | undefined;
  /** The file of the key ring; undefined where the log is not signed. */
  readonly keyRing: string | undefined;
  /** The folder of the keys for free text; undefined where a vault has them. */
  readonly keysDir: string | undefined;
  readonly backup: { readonly dir: string; readonly hours: number } | undefined;
}

/** @param embedded where the embedded PostgreSQL of the data folder is, if it runs @throws UsageError */
export function doctorSettings(
  configuration: Configuration,
  options: DoctorOptions,
  embedded: string | undefined,
): DoctorSettings {
  const read = Settings.safeParse(configuration.given);
  if (!read.success) {
    throw new UsageError(read.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('\n'));
  }
  const settings = read.data;
  const { database, dataDir, signingKeys } = configuration;
  return {
    databaseUrl: database.migrate ?? embedded,
    isEmbedded: database.migrate === undefined,
    services: database.services,
    urls: {
      API: configuration.url,
      PROJECTOR: options.projector ?? `http://127.0.0.1:${settings.PROJECTOR_PORT}`,
      ALERTER: options.alerter ?? `http://127.0.0.1:${settings.ALERTER_PORT}`,
    },
    kurrentdb: settings.EVENT_STORE === 'kurrentdb' ? settings.KURRENTDB_URL : undefined,
    kafka: kafkaFrom(settings),
    issuer: settings.OIDC_ISSUER,
    keyRing: settings.CAIRN_PROOFS === 'on' ? signingKeys : undefined,
    keysDir: settings.CAIRN_KEYS === 'file' ? (settings.CAIRN_KEYS_DIR ?? path.join(dataDir, 'keys')) : undefined,
    backup: options.backup === undefined ? undefined : { dir: options.backup, hours: options.backupHours },
  };
}
