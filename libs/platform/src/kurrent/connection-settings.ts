/** Who calls; only sent over TLS. */
export interface KurrentUser {
  readonly username: string;
  readonly password: string;
}

/** `KURRENTDB_URL` is no connection string. It may hold a password, so nothing of it is repeated. */
export class InvalidKurrentUrl extends Error {
  override readonly name = 'InvalidKurrentUrl';
  constructor(why: string) {
    super(`KURRENTDB_URL is no connection string of KurrentDB: ${why}`);
  }
}

/** The options that the client knows: of any other it prints the whole connection string. */
const OPTIONS = [
  'connectionName',
  'defaultDeadline',
  'discoveryInterval',
  'gossipTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxDiscoverAttempts',
  'nodePreference',
  'throwOnAppendFailure',
  'tls',
  'tlsCAFile',
  'tlsVerifyCert',
  'userCertFile',
  'userKeyFile',
];
const KNOWN = new Set(OPTIONS.map(flat));

/**
 * The connection string as the client gets it, and who calls. Reads must see what was written, so the leader is asked for
 * where nothing else is.
 *
 * @throws InvalidKurrentUrl
 */
export function connectionSettings(
  url: string,
  applicationName: string,
): { readonly connection: string; readonly user: KurrentUser | undefined } {
  const parts =
    /^(?:kurrentdb|kurrent|kdb|esdb)(?:\+discover)?:\/\/(?:([^:@/]+):([^@/]+)@)?([^@/?#]+)\/?(?:\?(.*))?$/.exec(
      url.trim(),
    );
  if (!parts) throw new InvalidKurrentUrl('it should be kurrentdb://user:password@host:port?tls=true');
  const [, username, password, , query] = parts;
  const options = (query ?? '').split('&').filter((option) => option !== '');
  for (const option of options) {
    const [key, value] = option.split('=');
    if (value === undefined || value === '' || !KNOWN.has(flat(key!))) {
      throw new InvalidKurrentUrl(`an option is not one of ${OPTIONS.join(', ')}, or has no value`);
    }
  }
  const has = (option: string): boolean => options.some((given) => flat(given.split('=')[0]!) === flat(option));
  const own = [
    'throwOnAppendFailure=true',
    ...(has('nodePreference') ? [] : ['nodePreference=leader']),
    ...(has('connectionName') ? [] : [`connectionName=${encodeURIComponent(applicationName)}`]),
  ];
  const base = url.trim().split('?')[0]!.replace(/\/$/, '');
  return {
    connection: `${base}?${[...options.filter((option) => !/^throwOnAppendFailure=/i.test(option)), ...own].join('&')}`,
    user:
      username === undefined
        ? undefined
        : { username: decodeURIComponent(username), password: decodeURIComponent(password!) },
  };
}

/** As the client compares the names of options. */
function flat(option: string): string {
  return option.trim().toLowerCase().replace(/[_-]/g, '');
}
