import type { Moment } from '@cairn/monitoring';
import fc from 'fast-check';
import { endOfDay, lastDay, localDay } from './calendar.js';
import {
  type Amendable,
  type OracleContact,
  type OracleParticipant,
  type OracleTrial,
  type Recorded,
  versionsOf,
} from './engagement-oracle.js';

/*
 * Small trials by chance, aimed at what goes wrong: windows that end where clocks change, contacts at their very edges,
 * voids, amendments and amendments of these, late records, several discharges, and moments just before, at and after each of them.
 */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 6 }, { arbitrary: value, weight: 1 });

/**
 * A record, now and then with one or two amendments; the last version may be voided in the place of the first one.
 * @param differing what an amended version has in the place of what it amends, its time included
 */
export const amendable = <R extends Recorded>(
  record: fc.Arbitrary<R>,
  differing: fc.Arbitrary<Partial<Omit<R, keyof Recorded>> & { at?: number }>,
): fc.Arbitrary<Amendable<R>> =>
  fc
    .tuple(
      record,
      fc.oneof(
        { arbitrary: fc.constant([]), weight: 3 },
        {
          arbitrary: fc.array(fc.record({ differing, late: fc.integer({ min: 0, max: 40 * 24 }) }), {
            minLength: 1,
            maxLength: 2,
          }),
          weight: 1,
        },
      ),
    )
    .map(([{ voidedAt, ...first }, amendments]) => {
      const versions = [first as unknown as R];
      for (const { differing: given, late } of amendments) {
        const before = versions.at(-1)!;
        versions.push({ ...before, ...given, recordedAt: before.recordedAt + late * HOUR });
      }
      const last = versions.at(-1)!;
      const ended = voidedAt === undefined ? last : { ...last, voidedAt: Math.max(voidedAt, last.recordedAt) };
      return versions
        .slice(0, -1)
        .reduceRight<Amendable<R>>((amended, version) => ({ ...version, amended }), ended as Amendable<R>);
    });

/** Any of the members, none or all. */
const some = <Members extends object>(members: { [Name in keyof Members]: fc.Arbitrary<Members[Name]> }) =>
  fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<Partial<Members>>;

/** A zone with an instant near which its clocks do something: windows are laid across it. */
export const clocks = [
  ['Europe/London', '2017-10-29T01:00:00Z'],
  ['Europe/London', '2018-03-25T01:00:00Z'],
  // Clocks go forward at midnight: the day begins at 01:00.
  ['America/Sao_Paulo', '2017-10-15T03:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['Africa/Cairo', '2024-04-25T22:00:00Z'],
  ['Africa/Cairo', '2024-10-31T21:00:00Z'],
  // Midnight happens twice.
  ['America/Havana', '2023-11-05T05:00:00Z'],
  ['Asia/Beirut', '2022-03-26T22:00:00Z'],
  ['Asia/Kolkata', '2024-02-29T12:00:00Z'],
  // 30 December 2011 does not exist.
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  // Half an hour.
  ['Australia/Lord_Howe', '2023-10-01T15:30:00Z'],
  ['Australia/Lord_Howe', '2024-04-06T15:00:00Z'],
  ['UTC', '2023-12-31T23:00:00Z'],
] as const;

export const clock = fc.constantFrom(...clocks).map(([zone, turn]) => ({ zone, turn: Date.parse(turn) }));
export const window = fc.oneof(
  fc.constant({ weeks: 12 }),
  fc.record({ weeks: fc.integer({ min: 1, max: 26 }) }),
  fc.record({ months: fc.integer({ min: 1, max: 14 }) }),
);
type Window = { weeks: number } | { months: number };
export const protocolWindow = (given: Window) =>
  'weeks' in given ? { weeksAfterDischarge: given.weeks } : { monthsAfterDischarge: given.months };

/** A discharge whose window ends within two days of the turn of the clocks. */
export const dischargeBefore = (turn: number, given: Window) =>
  fc
    .integer({ min: -2 * 1440, max: 2 * 1440 })
    .map((minutes) => turn + minutes * 60_000 - ('weeks' in given ? given.weeks * 7 : given.months * 30.4) * DAY)
    .map((instant) => Math.round(instant / 60_000) * 60_000);

export interface Scene {
  trial: OracleTrial;
  moments: Moment[];
}

export const scene: fc.Arbitrary<Scene> = fc
  .record({ clock, window })
  .chain(({ clock: { zone, turn }, window: given }) => {
    const anyTime = fc.integer({ min: -200 * 24, max: 40 * 24 }).map((hours) => turn + hours * HOUR);
    const recorded = (at: fc.Arbitrary<number>): fc.Arbitrary<Recorded> =>
      fc
        .record({
          at,
          late: fc.integer({ min: 0, max: 60 * 24 }),
          voidLate: seldom(fc.integer({ min: 0, max: 60 * 24 })),
        })
        .map(({ at: when, late, voidLate }) => {
          const recordedAt = when + late * HOUR;
          return { at: when, recordedAt, ...(voidLate !== undefined && { voidedAt: recordedAt + voidLate * HOUR }) };
        });
    const standing = (at: fc.Arbitrary<number>): fc.Arbitrary<Recorded> =>
      recorded(at).map(({ at: when, recordedAt }) => ({ at: when, recordedAt }));

    const participant = (index: number): fc.Arbitrary<OracleParticipant> =>
      fc
        .record({
          discharges: fc.array(
            amendable(recorded(dischargeBefore(turn, given)), some({ at: dischargeBefore(turn, given) })),
            { maxLength: 3 },
          ),
          site: fc.constantFrom('S1', 'S2', 'S10'),
        })
        .chain(({ discharges, site }) => {
          const discharged = discharges.flatMap((each) => versionsOf<Recorded>(each)).map(({ at }) => at);
          const closes = discharged.map((at) => endOfDay(lastDay(localDay(at, zone), given), zone));
          const edges = [...closes, ...discharged].flatMap((edge) =>
            [-60_000, -1, 0, 1, 60_000].map((by) => edge + by),
          );
          const contactTime =
            edges.length === 0 ? anyTime : fc.oneof(anyTime, fc.constantFrom(...edges), fc.constantFrom(...edges));
          const how = {
            mode: fc.constantFrom(
              'face_to_face' as const,
              'face_to_face' as const,
              'telephone' as const,
              'video' as const,
              'text' as const,
            ),
            outcome: fc.constantFrom('attended', 'attended', 'attended', 'participant_absent', 'cancelled_by_provider'),
          };
          const contact: fc.Arbitrary<OracleContact> = fc
            .record({
              recorded: recorded(contactTime),
              setting: fc.constantFrom('ward' as const, 'community' as const),
              ...how,
            })
            .map(({ recorded: times, ...rest }) => ({ ...times, ...rest }));
          const early = fc.integer({ min: -230 * 24, max: -190 * 24 }).map((hours) => turn + hours * HOUR);
          return fc
            .record({
              referral: amendable<Recorded & { site?: string }>(
                fc.oneof({ arbitrary: standing(early), weight: 9 }, { arbitrary: recorded(early), weight: 1 }),
                some({ at: early, site: fc.constantFrom('S1', 'S2', 'S10') }),
              ),
              randomisations: fc.array(
                amendable(
                  fc
                    .record({ times: recorded(early), arm: fc.constantFrom('support', 'support', 'peers', 'usual') })
                    .map(({ times, arm }) => ({ ...times, arm })),
                  some({ at: early, arm: fc.constantFrom('support', 'usual') }),
                ),
                { maxLength: 2 },
              ),
              allocations: fc.array(
                amendable(
                  recorded(fc.oneof(early, anyTime)).map((times) => ({ ...times, worker: 'W1' })),
                  some({ at: fc.oneof(early, anyTime) }),
                ),
                { maxLength: 2 },
              ),
              contacts: fc.array(amendable(contact, some({ at: contactTime, ...how })), { maxLength: 6 }),
              withdrawals: fc.array(
                amendable(
                  fc
                    .record({
                      times: recorded(anyTime),
                      scope: fc.constantFrom('intervention' as const, 'follow_up' as const, 'data_use' as const),
                    })
                    .map(({ times, scope }) => ({ ...times, scope })),
                  // The scope of a withdrawal says which one it is.
                  some({ at: anyTime }),
                ),
                { maxLength: 1 },
              ),
            })
            .map((rest) => ({ id: `P${index}`, site, discharges, ...rest }));
        });

    return fc
      .integer({ min: 1, max: 5 })
      .chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => participant(index))))
      .chain((participants) => {
        const times = participants.flatMap(({ discharges, contacts, referral, withdrawals, allocations }) => [
          ...[...discharges, ...contacts, ...withdrawals, ...allocations, referral]
            .flatMap((each) => versionsOf<Recorded>(each))
            .flatMap((each) => [each.at, each.recordedAt, each.voidedAt ?? each.at]),
          ...discharges
            .flatMap((each) => versionsOf<Recorded>(each))
            .map(({ at }) => endOfDay(lastDay(localDay(at, zone), given), zone)),
        ]);
        const time = fc.oneof(
          anyTime,
          fc.tuple(fc.constantFrom(...times), fc.constantFrom(-1, 0, 1)).map(([at, by]) => at + by),
        );
        return fc.record({
          trial: fc.constant({
            zone,
            window: given,
            interventionArms: ['support', 'peers'],
            sites: ['S10', 'S2', 'S1', 'S0'],
            participants,
            assessments: [],
            instrument: undefined,
          }),
          moments: fc.array(fc.record({ asOf: time, knownAt: fc.oneof(fc.constant(Infinity), time) }), {
            minLength: 3,
            maxLength: 8,
          }),
        });
      });
  });
