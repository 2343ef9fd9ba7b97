/** Everything that is looked at, and what to do where it is not well. Codes are stable; each has a chapter of the runbook. */
export const advice = {
  DATABASE_REACHABLE: 'Start PostgreSQL, or mend DATABASE_URL and the network to it.',
  DATABASE_VERSION: 'Move to PostgreSQL 15 or later, in a database that is encoded in UTF8.',
  MIGRATIONS: 'Run `cairn migrate` of the newest version that is installed.',
  EXCESS_RIGHTS: 'Give each service a login of its own (`cairn migrate --logins`) that can become its role only.',
  DATABASE_WRITABLE: 'Point DATABASE_URL at the primary, or end what made the server read-only.',
  SAFE_SETTINGS: 'Set them back and restart PostgreSQL; then compare the log with what was signed.',
  DISK_SPACE: 'Make room on the volume of PostgreSQL before it is full; never remove files of its folder.',
  CONNECTIONS:
    'Raise max_connections, put fewer instances to work, or look for what does not give its connections back.',
  CLOCK: 'Let NTP set the clock of whichever machine is wrong.',
  KURRENTDB_REACHABLE: 'Start KurrentDB, or mend KURRENTDB_URL and the network to it.',
  KAFKA_REACHABLE: 'Start the brokers, or mend KAFKA_BROKERS, its certificates or its login.',
  KAFKA_TOPICS: 'Make the topics that are missing, or let the login write to them.',
  API: 'Start the API, or look at its log for why it is not ready.',
  PROJECTOR: 'Start a projector, or look at its log for why it is not ready.',
  ALERTER: 'Start an alerter, or look at its log for why it is not ready.',
  READ_MODELS: 'Install code that can fold the event, then restart projectors; skip nothing.',
  READ_MODELS_BEHIND: 'Look whether projectors run and what they log; a rebuild or an import may just take its time.',
  NOTARY: 'Touch nothing: keep the database as it is and a copy of it, and find out who altered the log.',
  NOTARY_BEHIND: 'Look whether a projector runs with CAIRN_PROOFS=on and can read its key ring.',
  WATCH: 'Install code that can read the event, then restart alerters.',
  WATCH_BEHIND: 'Look whether alerters run and what they log.',
  TIMERS: 'Look whether alerters run and what they log: what does not happen is noticed late.',
  WEBHOOKS: 'Look at which receivers do not answer, and tell those whose they are.',
  DEAD_LETTERS: 'Once the receiver answers, let whoever subscribed send its dead letters again, or forget them.',
  LEASES: 'Start an instance of the service: nobody works on these tenants.',
  INSTANCES: 'Start an instance of the service.',
  KEY_RING: 'Put the key ring back from its copy, readable for the service’s user only (chmod 600).',
  KEYS_FOLDER: 'Put the keys back from their copy, readable for the service’s user only (chmod 700).',
  BACKUP: 'Run `cairn backup`, and look why it did not run by itself.',
  ISSUER_REACHABLE: 'Start the issuer, or mend OIDC_ISSUER and the network to it: nobody new can sign in.',
} as const;

export type DoctorCode = keyof typeof advice;

/** `unknown`: it could not be looked at, which is neither well nor ill. */
export type State = 'ok' | 'warning' | 'problem' | 'unknown';

export interface Finding {
  readonly code: DoctorCode;
  readonly state: State;
  /** One sentence; nothing in it is secret. */
  readonly what: string;
}

export const found = (code: DoctorCode, state: State, what: string): Finding => ({ code, state, what });

/** Where the runbook says more. */
export const chapterOf = (code: DoctorCode): string => `docs/runbook.md#${code.toLowerCase()}`;

/**
 * What may be said of an error. Its message may hold an address with a password, or what a server was asked; its code has the
 * form of a name.
 */
export function nameOf(error: unknown): string {
  const { code, name, errors, cause } = error as {
    code?: unknown;
    name?: unknown;
    errors?: readonly unknown[];
    cause?: unknown;
  };
  if (typeof code === 'string' && /^[\w-]{1,60}$/.test(code)) return code;
  if (errors && errors.length > 0) return nameOf(errors[0]);
  if (cause !== undefined) return nameOf(cause);
  return typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'Error';
}
