/** What a Cairn is to serve. */
export interface Demand {
  /** That run at a time: whichever ends is followed by another. */
  readonly trials: number;
  /** Of each trial. */
  readonly sites: number;
  /** Of each site, over the whole of its trial. */
  readonly participants: number;
  /** Over the whole of their trial, with what is recorded beside them, as supervisions are. */
  readonly eventsPerParticipant: number;
  /** Who follow alerts or a table of a trial, at a time. */
  readonly subscribers: number;
  /** That have trials; all have as many. */
  readonly tenants: number;
  /** How long a trial lasts, and how many years of events are stored. */
  readonly trialYears: number;
  readonly years: number;
  /** Of the sites, those that give a week's records in one import on Monday morning; the others record when it happens. */
  readonly importing: number;
  readonly seed: number;
}

export const HOURS_OF_A_WEEK = 40;
export const WEEKS_OF_A_YEAR = 365.25 / 7;
export const SECONDS_OF_A_YEAR = 365.25 * 86_400;

/** What follows from it by multiplication. Events are those of sites; what the watch adds to them comes on top. */
export interface Flow {
  readonly participants: number;
  readonly eventsPerYear: number;
  readonly stored: number;
  /** Events per second: over the year, and in a working hour of a trial's busiest week. */
  readonly mean: number;
  readonly busiest: number;
  /** Of one site in a week. */
  readonly weekOfASite: number;
}

/** @param alerts that follow from an event; each is an event too @param busiestWeek times as many events as the mean week has */
export function flowOf(demand: Demand, alerts: number, busiestWeek: number): Flow {
  const participants = demand.trials * demand.sites * demand.participants;
  const eventsPerYear = (participants * demand.eventsPerParticipant * (1 + alerts)) / demand.trialYears;
  const perWeek = eventsPerYear / WEEKS_OF_A_YEAR;
  return {
    participants,
    eventsPerYear,
    stored: eventsPerYear * demand.years,
    mean: eventsPerYear / SECONDS_OF_A_YEAR,
    busiest: (perWeek * busiestWeek) / (HOURS_OF_A_WEEK * 3_600),
    weekOfASite: perWeek / (demand.trials * demand.sites),
  };
}
