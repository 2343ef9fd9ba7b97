/** What one of anything costs: measured, see `measureUnitCosts`. CPU in milliseconds of one core, sizes in bytes. */
export interface UnitCosts {
  /** When and on what it was measured. */
  readonly measured: { readonly on: string; readonly machine: string };
  /** CPU milliseconds of the services, for one event each where nothing else is said. */
  readonly cpu: {
    /** A command by GraphQL. */
    readonly apiCommand: number;
    /** A record of an import. */
    readonly apiImported: number;
    readonly projector: number;
    readonly notary: number;
    readonly alerter: number;
    /** An alert, for each who follows it. */
    readonly apiAlert: number;
    /** A commit of another process, of which an api only hears. */
    readonly apiHeard: number;
  };
  /** CPU milliseconds of PostgreSQL for an event: to record and project it, to sign it, to watch it. */
  readonly postgres: { readonly recorded: number; readonly signed: number; readonly watched: number };
  /** Bytes that an event leaves on the disk, and in PostgreSQL's own log. */
  readonly bytes: {
    readonly log: number;
    readonly indexes: number;
    readonly readModels: number;
    readonly proofs: number;
    readonly wal: number;
  };
  /** Bytes of memory. */
  readonly memory: {
    readonly api: number;
    readonly projector: number;
    readonly alerter: number;
    /** Of the api, for each who follows alerts or a table. */
    readonly subscriber: number;
    /** Of the api, for each participant of a trial that is being looked at. */
    readonly participant: number;
  };
  /** Events per second that one tenant's log takes, and microseconds per event of a rebuild of all read models. */
  readonly appendsOfOneTenant: number;
  readonly rebuildMicroseconds: number;
  /** Alerts that follow from an event, and timers that wait for a participant, on average. */
  readonly alertsOfAnEvent: number;
  readonly timersOfAParticipant: number;
  /** Events of a participant, and the part of a trial's events that its busiest week has, times its weeks: of `cairn simulate`. */
  readonly eventsOfAParticipant: number;
  readonly busiestWeek: number;
}

/** Whether it is one: of any version but this one it would lack something. */
export function isUnitCosts(value: unknown, like: UnitCosts): value is UnitCosts {
  const fits = (given: unknown, wanted: unknown): boolean => {
    if (typeof wanted !== 'object') return typeof given === typeof wanted && (typeof given !== 'number' || given >= 0);
    if (typeof given !== 'object' || given === null) return false;
    return Object.entries(wanted as object).every(([name, part]) =>
      fits((given as Record<string, unknown>)[name], part),
    );
  };
  return fits(value, like);
}
