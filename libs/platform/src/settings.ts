// `@cairn/platform/settings`: what every service's configuration begins with.
import fs from 'node:fs';

/** What nobody but the process should see. */
const SECRETS = [
  'DATABASE_URL',
  'API_DATABASE_URL',
  'PROJECTOR_DATABASE_URL',
  'ALERTER_DATABASE_URL',
  'RESTORE_DATABASE_URL',
  'KURRENTDB_URL',
  'OIDC_CLIENT_SECRET',
  'CAIRN_MASKING_SECRET',
  'CAIRN_WEBHOOK_SECRET',
  'CAIRN_TOKEN',
  'VAULT_TOKEN',
  'KAFKA_SASL_PASSWORD',
] as const;

/** One line for each setting that is missing or wrong. Values are not repeated: a database URL holds a password. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export interface GivenSettings {
  /** Those that are set, with what the files hold. */
  readonly given: Readonly<Record<string, string>>;
  /** A line for each file that cannot be used; none repeats what a file holds. */
  readonly mistakes: readonly string[];
}

/**
 * The settings that an environment gives. Each secret may be the path of a file instead, in `<name>_FILE`, which is how container
 * platforms hand out secrets: an environment is shown to whoever may look a container up, and to every child process.
 */
export function givenSettings(environment: Readonly<Record<string, string | undefined>>): GivenSettings {
  // An empty variable is how compose files and shells say "not set".
  const given = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  const mistakes: string[] = [];
  for (const name of SECRETS) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    if (given[name] !== undefined) {
      mistakes.push(`${name}_FILE: goes instead of ${name}, not with it`);
      continue;
    }
    try {
      // Whoever makes such a file with an editor ends it with a new line.
      given[name] = fs.readFileSync(file, 'utf8').trim();
      if (given[name] === '') mistakes.push(`${name}_FILE: the file is empty`);
    } catch (error) {
      mistakes.push(`${name}_FILE: cannot be read (${String((error as { code?: unknown }).code)})`);
    }
  }
  return { given, mistakes };
}
