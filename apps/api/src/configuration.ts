import { isSafeIssuer } from '@cairn/platform/identity';
import type { VaultMounts, VaultSettings } from '@cairn/platform/keys';
import {
  type FanOutConfiguration,
  fanOutDiscords,
  fanOutFrom,
  fanOutSettings,
  kafkaDiscords,
  kafkaFrom,
  kafkaSettings,
  TOPIC_PREFIX,
} from '@cairn/platform/kafka';
import { type LogStoreConfiguration, logStoreDiscords, logStoreFrom, logStoreSettings } from '@cairn/platform/log-copy';
import { ConfigurationError, givenSettings } from '@cairn/platform/settings';
import { type TracingConfiguration, tracingFrom, tracingSettings } from '@cairn/platform/tracing';
import { type AllowedNetworks, readNetworks } from '@cairn/platform/webhooks';
import { parseVerifierKey, SIGNATURE_TYPE, type VerifierKey } from '@cairn/audit';
import { z } from 'zod';
import { limitsFrom, type TenantLimits, tenantLimitSettings } from './limits/tenant-limits.js';

/** Whether an address is that of a whole host: the service has all of its paths. */
function isOrigin(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && `${url.origin}/` === url.href;
}

/** Where an engine of Vault is mounted. */
const mount = z.string().regex(/^[\w-]+(?:\/[\w-]+)*$/, 'is a path of letters, digits, dashes');

const listed = (text: string): readonly string[] => text.split(/[\s,]+/).filter((each) => each !== '');

const Settings = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /^.*$/ }),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  INTROSPECTION: z.stringbool().default(true),
  /** The embedded issuer's file. Either this or OIDC_ISSUER says whose tokens are believed. */
  ISSUER_FILE: z.string().min(1).optional(),
  OIDC_ISSUER: z.url().refine(isSafeIssuer, 'must be https, but for an issuer on this machine').optional(),
  /** How the issuer's access tokens say that they are for this service. */
  OIDC_AUDIENCE: z.string().min(1).optional(),
  /** The claim with the tenant's id. */
  OIDC_TENANT_CLAIM: z.string().min(1).default('tenant'),
  /** With these and PUBLIC_URL, people sign in through a browser. A public client has no secret. */
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_SCOPE: z.string().min(1).default('openid profile email'),
  /** Where browsers reach the service. */
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .refine(isOrigin, 'is an origin, without a path')
    .optional(),
  /** What the letters of the arms in closed reports follow from. Another one would give arms other letters. */
  CAIRN_MASKING_SECRET: z.string().min(32, 'is a secret of at least 32 characters, the same for every process'),
  /** Where the keys are that free text about participants is sealed with. */
  CAIRN_KEYS: z.enum(['file', 'vault']).default('file'),
  /** The folder of the keys, never beside the database's own backups. */
  CAIRN_KEYS_DIR: z.string().min(1).optional(),
  /** A folder for the list of erasures, apart from the keys and from the database, so that neither brings an erased key back. */
  CAIRN_ERASURES_DIR: z.string().min(1).optional(),
  /** A HashiCorp Vault or an OpenBao. */
  VAULT_ADDR: z.url({ protocol: /^https?$/ }).optional(),
  VAULT_TOKEN: z.string().min(1).optional(),
  VAULT_NAMESPACE: z.string().min(1).optional(),
  VAULT_TRANSIT_MOUNT: mount.default('transit'),
  VAULT_KV_MOUNT: mount.default('secret'),
  /** The same database as a login that may restore exported logs and nothing else; without it the other login is used. */
  RESTORE_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /^.*$/ }).optional(),
  /** The key ring that the log is signed with, whose public keys go with exports. */
  CAIRN_SIGNING_KEYS: z.string().min(1).optional(),
  /** The public keys of whoever signs the log, where the key ring is kept from this service. */
  CAIRN_VERIFIER_KEYS: z
    .string()
    .transform(listed)
    .refine((keys) => keys.every((key) => parseVerifierKey(key)), 'are verifier keys, name+id+base64, a space between')
    .optional(),
  /** The public keys of witnesses, whose cosignatures of checkpoints are taken. */
  CAIRN_WITNESSES: z
    .string()
    .transform((text) => listed(text).map(parseVerifierKey))
    .refine(
      (keys): keys is VerifierKey[] => keys.every((key) => key?.type === SIGNATURE_TYPE.cosignature),
      'are verifier keys of cosignature/v1, name+id+base64, a space between',
    )
    .optional(),
  /** What the secrets of webhooks follow from, the same as the alerter's; without it none are shown and no test is sent. */
  CAIRN_WEBHOOK_SECRET: z.string().min(32).optional(),
  /** Networks beside the public Internet that webhooks may be sent to, for development: `loopback`, or as in 10.1.0.0/16. */
  CAIRN_WEBHOOK_ALLOW_PRIVATE: z
    .string()
    .default('')
    .transform(readNetworks)
    .refine((networks): networks is AllowedNetworks => networks !== undefined, 'is no list of networks'),
  /** How the names of the topics begin that a tenant may publish to, the same as the alerter's; `{tenant}` is its id. */
  KAFKA_TOPIC_PREFIX: z.string().min(1).default(TOPIC_PREFIX),
  ...kafkaSettings,
  ...fanOutSettings,
  ...logStoreSettings,
  /** Networks of the proxies that are believed in who asks them (`X-Forwarded-For`): `off`, `loopback`, or as in 10.1.0.0/16. */
  TRUST_PROXY: z
    .string()
    .default('off')
    .transform((list) => readNetworks(list === 'off' ? '' : list))
    .refine((networks): networks is AllowedNetworks => networks !== undefined, 'is off, or a list of networks'),
  /** How long it goes on when it is told to end, not ready any more, until nobody sends it requests. */
  END_AFTER_SECONDS: z.coerce.number().min(0).max(300).default(0),
  /** Metrics for whoever reaches this port, without a token; unless it is given they are on PORT, for operators' tokens. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  ...tracingSettings,
  /** How long the start waits for the database. */
  START_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(60),
  /** Participants' documents kept in memory, over all trials. */
  CACHED_DOCUMENTS: z.coerce.number().int().min(1).default(200_000),
  /** Connections to the database, at the most. */
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(8),
  ...tenantLimitSettings,
});

/** What only makes sense, or no sense, together; told whatever else is wrong. */
function discords(given: Readonly<Record<string, string | undefined>>): readonly string[] {
  const has = (name: string): boolean => given[name] !== undefined;
  const needs = (name: string, ...others: string[]): string[] =>
    has(name) ? others.filter((other) => !has(other)).map((other) => `${other}: goes with ${name}`) : [];
  return [
    ...(has('ISSUER_FILE') === has('OIDC_ISSUER') ? ['OIDC_ISSUER: give this or ISSUER_FILE'] : []),
    ...needs('OIDC_ISSUER', 'OIDC_AUDIENCE'),
    ...logStoreDiscords(given),
    ...fanOutDiscords(given),
    ...kafkaDiscords(given),
    ...(given['CAIRN_KEYS'] === 'vault'
      ? ['VAULT_ADDR', 'VAULT_TOKEN'].filter((name) => !has(name)).map((name) => `${name}: goes with CAIRN_KEYS=vault`)
      : has('CAIRN_KEYS_DIR')
        ? []
        : ['CAIRN_KEYS_DIR: give this, or CAIRN_KEYS=vault']),
    ...needs('OIDC_CLIENT_ID', 'PUBLIC_URL'),
    ...needs('OIDC_CLIENT_SECRET', 'OIDC_CLIENT_ID'),
    // Somebody forgot the issuer, and would be surprised whom the embedded one lets in.
    ...(has('ISSUER_FILE')
      ? [...needs('OIDC_AUDIENCE', 'OIDC_ISSUER'), ...needs('OIDC_CLIENT_ID', 'OIDC_ISSUER')]
      : []),
  ];
}

/** Whose tokens are believed. */
export type IdentityConfiguration =
  | { readonly kind: 'embedded'; readonly issuerFile: string }
  | {
      readonly kind: 'remote';
      readonly issuer: string;
      readonly audience: string;
      readonly tenantClaim: string;
      /** How people sign in through a browser, if they can. */
      readonly browser:
        | {
            readonly clientId: string;
            readonly clientSecret: string | undefined;
            readonly scope: string;
            readonly publicUrl: string;
          }
        | undefined;
    };

/** Where participants' keys are. */
export type KeysConfiguration = (
  | { readonly kind: 'file'; readonly dir: string }
  | { readonly kind: 'vault'; readonly vault: VaultSettings; readonly mounts: VaultMounts }
) & {
  /** Folder of the register of erasures, where one is kept. */
  readonly register: string | undefined;
};

export interface Configuration {
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  /** As a login that can become `cairn_restorer`. */
  readonly restoreDatabaseUrl: string;
  /** The file of the key ring; undefined when the log is not signed. */
  readonly signingKeys: string | undefined;
  /** Public keys that are given instead of the ring. */
  readonly verifierKeys: readonly string[] | undefined;
  /** Whose cosignatures are taken. */
  readonly witnesses: readonly VerifierKey[];
  readonly host: string;
  readonly port: number;
  readonly logLevel: z.infer<typeof Settings>['LOG_LEVEL'];
  readonly introspection: boolean;
  readonly identity: IdentityConfiguration;
  readonly keys: KeysConfiguration;
  readonly maskingSecret: string;
  /** What the secrets of webhooks follow from; undefined where webhooks are not set up. */
  readonly webhookSecret: string | undefined;
  /** Beside the public Internet. */
  readonly webhookNetworks: AllowedNetworks;
  /** See `isTopicOf`. */
  readonly topicPrefix: string;
  readonly startTimeoutSeconds: number;
  /** How processes tell each other that something has changed. */
  readonly fanOut: FanOutConfiguration;
  /** What keeps the logs. */
  readonly logStore: LogStoreConfiguration;
  /** Who is believed in who asks them. */
  readonly trustedProxies: AllowedNetworks;
  /** Where spans are sent; undefined where nothing is traced. */
  readonly tracing: TracingConfiguration | undefined;
  readonly endAfterSeconds: number;
  /** Where metrics are served without a token. */
  readonly metricsAt: { readonly host: string; readonly port: number } | undefined;
  readonly cachedDocuments: number;
  /** Of each tenant, until its own log says otherwise. */
  readonly tenantLimits: TenantLimits;
}

/** Nest's token for the configuration. */
export const CONFIGURATION = Symbol('configuration');

/** @throws ConfigurationError with everything that is wrong, not just the first thing */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  const { given, mistakes } = givenSettings(environment);
  const read = Settings.safeParse(given);
  const issues = read.error?.issues ?? [];
  const wrong = [
    ...mistakes,
    ...issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ...discords(given),
  ];
  if (!read.success || wrong.length > 0) throw new ConfigurationError(wrong.join('\n'));
  const settings = read.data;
  return {
    databaseUrl: settings.DATABASE_URL,
    databaseConnections: settings.DATABASE_CONNECTIONS,
    restoreDatabaseUrl: settings.RESTORE_DATABASE_URL ?? settings.DATABASE_URL,
    signingKeys: settings.CAIRN_SIGNING_KEYS,
    verifierKeys: settings.CAIRN_VERIFIER_KEYS,
    witnesses: settings.CAIRN_WITNESSES ?? [],
    host: settings.HOST,
    port: settings.PORT,
    logLevel: settings.LOG_LEVEL,
    introspection: settings.INTROSPECTION,
    identity: identityOf(settings),
    keys: keysOf(settings),
    maskingSecret: settings.CAIRN_MASKING_SECRET,
    webhookSecret: settings.CAIRN_WEBHOOK_SECRET,
    webhookNetworks: settings.CAIRN_WEBHOOK_ALLOW_PRIVATE,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    startTimeoutSeconds: settings.START_TIMEOUT_SECONDS,
    fanOut: fanOutFrom(settings, kafkaFrom(settings)),
    logStore: logStoreFrom(settings),
    trustedProxies: settings.TRUST_PROXY,
    tracing: tracingFrom(settings),
    endAfterSeconds: settings.END_AFTER_SECONDS,
    metricsAt:
      settings.METRICS_PORT === undefined ? undefined : { host: settings.METRICS_HOST, port: settings.METRICS_PORT },
    cachedDocuments: settings.CACHED_DOCUMENTS,
    tenantLimits: limitsFrom(settings),
  };
}

function keysOf(settings: z.infer<typeof Settings>): KeysConfiguration {
  const register = settings.CAIRN_ERASURES_DIR;
  if (settings.CAIRN_KEYS === 'file') return { kind: 'file', dir: settings.CAIRN_KEYS_DIR!, register };
  const { VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, VAULT_TRANSIT_MOUNT, VAULT_KV_MOUNT } = settings;
  return {
    kind: 'vault',
    register,
    vault: { address: VAULT_ADDR!, token: VAULT_TOKEN!, namespace: VAULT_NAMESPACE },
    mounts: { transit: VAULT_TRANSIT_MOUNT, kv: VAULT_KV_MOUNT },
  };
}

function identityOf(settings: z.infer<typeof Settings>): IdentityConfiguration {
  if (settings.ISSUER_FILE !== undefined) return { kind: 'embedded', issuerFile: settings.ISSUER_FILE };
  const {
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
    OIDC_SCOPE: scope,
    PUBLIC_URL: publicUrl,
  } = settings;
  return {
    kind: 'remote',
    issuer: settings.OIDC_ISSUER!,
    audience: settings.OIDC_AUDIENCE!,
    tenantClaim: settings.OIDC_TENANT_CLAIM,
    browser: clientId === undefined ? undefined : { clientId, clientSecret, scope, publicUrl: publicUrl! },
  };
}
