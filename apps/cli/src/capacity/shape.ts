import { historyOf, type SimulatedTrial } from '@cairn/simulation';

const WEEK = 7 * 86_400_000;

/** What `cairn simulate` makes of a trial, as far as its load goes. */
export interface Shape {
  readonly eventsOfAParticipant: number;
  /** Events of the busiest week, as so many times those of the mean one. */
  readonly busiestWeek: number;
}

/** Counts the events of a trial that never was. */
export function shapeOf(trial: SimulatedTrial): Shape {
  const weeks = new Map<number, number>();
  let [events, participants] = [0, 0];
  for (const { type, occurredAt } of historyOf(trial)) {
    events++;
    if (type === 'ParticipantReferred') participants++;
    const week = Math.floor(occurredAt / WEEK);
    weeks.set(week, (weeks.get(week) ?? 0) + 1);
  }
  const numbers = [...weeks.keys()];
  const length = numbers.length === 0 ? 1 : Math.max(...numbers) - Math.min(...numbers) + 1;
  return {
    eventsOfAParticipant: events / Math.max(1, participants),
    busiestWeek: Math.max(1, ...[...weeks.values()].map((each) => (each * length) / events)),
  };
}
