import { describe, expect, it } from '@jest/globals';
import {
  engagedAt,
  fidelityAssociation,
  interventionWindowClose,
  type Moment,
  participantEngagement,
  siteFidelity,
  tableDefinition,
  textDefinition,
  TimelineReader,
  TrialEngagement,
} from '@cairn/monitoring';
import type { EngagementDefinition } from '@cairn/registry/protocol';
import fc from 'fast-check';
import { oracleAssociation } from './association-oracle.js';
import { endOfDay, lastDay, localDay } from './calendar.js';
import {
  definitions,
  type OracleContact,
  type OracleDefinition,
  oracleFidelity,
  type OracleParticipant,
  oracleStatus,
  oracleTable,
  type OracleTrial,
  type Recorded,
} from './engagement-oracle.js';
import { eventsOf, fidelityDocuments, participantDocuments } from './facts.js';
import { expectSameTable } from './same-table.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 6 }, { arbitrary: value, weight: 1 });

/** A zone with an instant near which its clocks do something: windows are laid across it. */
const clocks = [
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

const clock = fc.constantFrom(...clocks).map(([zone, turn]) => ({ zone, turn: Date.parse(turn) }));
const window = fc.oneof(
  fc.constant({ weeks: 12 }),
  fc.record({ weeks: fc.integer({ min: 1, max: 26 }) }),
  fc.record({ months: fc.integer({ min: 1, max: 14 }) }),
);
type Window = { weeks: number } | { months: number };
const protocolWindow = (given: Window) =>
  'weeks' in given ? { weeksAfterDischarge: given.weeks } : { monthsAfterDischarge: given.months };

/** A discharge whose window ends within two days of the turn of the clocks. */
const dischargeBefore = (turn: number, given: Window) =>
  fc
    .integer({ min: -2 * 1440, max: 2 * 1440 })
    .map((minutes) => turn + minutes * 60_000 - ('weeks' in given ? given.weeks * 7 : given.months * 30.4) * DAY)
    .map((instant) => Math.round(instant / 60_000) * 60_000);

interface Scene {
  trial: OracleTrial;
  moments: Moment[];
}

const scene: fc.Arbitrary<Scene> = fc.record({ clock, window }).chain(({ clock: { zone, turn }, window: given }) => {
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
        discharges: fc.array(recorded(dischargeBefore(turn, given)), { maxLength: 3 }),
        site: fc.constantFrom('S1', 'S2', 'S10'),
      })
      .chain(({ discharges, site }) => {
        const closes = discharges.map(({ at }) => endOfDay(lastDay(localDay(at, zone), given), zone));
        const edges = [...closes, ...discharges.map(({ at }) => at)].flatMap((edge) =>
          [-60_000, -1, 0, 1, 60_000].map((by) => edge + by),
        );
        const contactTime =
          edges.length === 0 ? anyTime : fc.oneof(anyTime, fc.constantFrom(...edges), fc.constantFrom(...edges));
        const contact: fc.Arbitrary<OracleContact> = fc
          .record({
            recorded: recorded(contactTime),
            setting: fc.constantFrom('ward' as const, 'community' as const),
            mode: fc.constantFrom(
              'face_to_face' as const,
              'face_to_face' as const,
              'telephone' as const,
              'video' as const,
              'text' as const,
            ),
            outcome: fc.constantFrom('attended', 'attended', 'attended', 'participant_absent', 'cancelled_by_provider'),
          })
          .map(({ recorded: times, ...rest }) => ({ ...times, ...rest }));
        const early = fc.integer({ min: -230 * 24, max: -190 * 24 }).map((hours) => turn + hours * HOUR);
        return fc
          .record({
            referral: fc.oneof({ arbitrary: standing(early), weight: 9 }, { arbitrary: recorded(early), weight: 1 }),
            randomisations: fc.array(
              fc
                .record({ times: recorded(early), arm: fc.constantFrom('support', 'support', 'peers', 'usual') })
                .map(({ times, arm }) => ({ ...times, arm })),
              { maxLength: 2 },
            ),
            allocations: fc.array(
              recorded(fc.oneof(early, anyTime)).map((times) => ({ ...times, worker: 'W1' })),
              { maxLength: 2 },
            ),
            contacts: fc.array(contact, { maxLength: 6 }),
            withdrawals: fc.array(
              fc
                .record({
                  times: recorded(anyTime),
                  scope: fc.constantFrom('intervention' as const, 'follow_up' as const, 'data_use' as const),
                })
                .map(({ times, scope }) => ({ ...times, scope })),
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
        ...[...discharges, ...contacts, ...withdrawals, ...allocations, referral].flatMap((each) => [
          each.at,
          each.recordedAt,
          each.voidedAt ?? each.at,
        ]),
        ...discharges.map(({ at }) => endOfDay(lastDay(localDay(at, zone), given), zone)),
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

const ownDefinition: EngagementDefinition = {
  id: 'three-talks',
  title: 'Three talks',
  description: 'Three talks, at whatever distance, one of them on a ward',
  source: 'spec',
  requirements: [
    { atLeast: 3, modes: ['face_to_face', 'telephone', 'video'] },
    { atLeast: 1, settings: ['ward'] },
  ],
};
const ownInWords: OracleDefinition = (contacts) =>
  contacts.filter((contact) => contact.mode !== 'text').length > 2 &&
  contacts.some((contact) => contact.setting !== 'community');

const pairs = [
  [tableDefinition, definitions.table],
  [textDefinition, definitions.text],
  [ownDefinition, ownInWords],
] as const;

const protocolOf = (trial: OracleTrial) => ({
  timeZone: trial.zone,
  protocol: {
    arms: ['support', 'peers', 'usual'].map((id) => ({ id, intervention: trial.interventionArms.includes(id) })),
    interventionWindow: protocolWindow(trial.window),
  },
});

function engagementOf(trial: OracleTrial): TrialEngagement {
  const engagement = new TrialEngagement(protocolOf(trial));
  for (const [id, document] of participantDocuments(eventsOf(trial))) engagement.set(id, document);
  return engagement;
}

const runs = { numRuns: 400 };

describe('any small trial', () => {
  it('has the table that counting from the records gives, at every moment', () => {
    fc.assert(
      fc.property(scene, ({ trial, moments }) => {
        const engagement = engagementOf(trial);
        for (const moment of moments) {
          for (const [definition, inWords] of pairs) {
            expectSameTable(
              engagement.table(definition, moment, trial.sites),
              oracleTable(trial, inWords, moment.asOf, moment.knownAt),
            );
          }
        }
      }),
      runs,
    );
  });

  it('lists participants with the status and the time of engagement that the records give', () => {
    fc.assert(
      fc.property(scene, ({ trial, moments }) => {
        const engagement = engagementOf(trial);
        const documents = participantDocuments(eventsOf(trial));
        for (const moment of moments) {
          const rows = engagement.participants(tableDefinition, moment);
          expect(rows.map((row) => row.participant)).toEqual(rows.map((row) => row.participant).sort());
          for (const row of rows) {
            const participant = trial.participants.find(({ id }) => id === row.participant)!;
            const { status, engagedAt: at } = oracleStatus(
              trial,
              participant,
              definitions.table,
              moment.asOf,
              moment.knownAt,
            );
            expect([row.status, row.engagedAt]).toEqual([status, at]);
            const facts = documents.get(row.participant)!;
            expect(participantEngagement(row.participant, facts, tableDefinition, protocolOf(trial), moment)).toEqual(
              row,
            );
            // The whole history gives the same as the history cut at the moment.
            const past = { facts: facts.facts.filter((fact) => fact.occurredAt <= moment.asOf) };
            const cut = engagedAt(new TimelineReader(protocolOf(trial)).read(past, moment.knownAt), tableDefinition);
            if (status === 'engaged') expect(cut).toBe(at);
          }
          const listed = ['engaged', 'not_yet', 'not_engaged', 'no_data', 'not_offered'] as const;
          const parts = listed.flatMap((status) => engagement.participants(tableDefinition, moment, { status }));
          expect(parts).toHaveLength(rows.length);
        }
      }),
      runs,
    );
  });

  it('says until when a table holds: the same just before, another one then', () => {
    fc.assert(
      fc.property(scene, ({ trial, moments }) => {
        const engagement = engagementOf(trial);
        for (const moment of moments) {
          const table = (asOf: number) => {
            const { overall, sites } = engagement.table(textDefinition, { ...moment, asOf }, trial.sites);
            return { overall, sites };
          };
          const { validUntil } = engagement.table(textDefinition, moment, trial.sites);
          const now = table(moment.asOf);
          expect(table((validUntil ?? moment.asOf + 10_000 * DAY) - 1)).toEqual(now);
          if (validUntil === undefined) continue;
          expect(validUntil).toBeGreaterThan(moment.asOf);
          // With more than one, what one participant adds another may take away in the same instant.
          if (trial.participants.length === 1) expect(table(validUntil)).not.toEqual(now);
        }
      }),
      runs,
    );
  });

  it('does not depend on the order in which documents come, nor on how often', () => {
    fc.assert(
      fc.property(scene, ({ trial, moments }) => {
        const documents = [...participantDocuments(eventsOf(trial))];
        const once = engagementOf(trial);
        const again = new TrialEngagement(protocolOf(trial));
        for (const [id, document] of documents.toReversed()) {
          again.set(id, { facts: document.facts.slice(0, 1) });
          again.table(tableDefinition, moments[0]!, trial.sites);
          again.set(id, document);
        }
        for (const moment of moments) {
          expect(again.table(tableDefinition, moment, trial.sites)).toEqual(
            once.table(tableDefinition, moment, trial.sites),
          );
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the intervention window', () => {
  it('closes where the last local day ends, in every zone', () => {
    fc.assert(
      fc.property(
        fc
          .record({ clock, window })
          .chain(({ clock: { zone, turn }, window: given }) =>
            fc.record({ zone: fc.constant(zone), given: fc.constant(given), at: dischargeBefore(turn, given) }),
          ),
        ({ zone, given, at }) => {
          expect(interventionWindowClose(at, protocolWindow(given), zone)).toBe(
            endOfDay(lastDay(localDay(at, zone), given), zone),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("a site's fidelity", () => {
  it('is that of its latest assessed day, at every moment', () => {
    const assessment = fc
      .record({
        day: fc.integer({ min: 0, max: 4 }),
        minutes: fc.integer({ min: 0, max: 1_439 }),
        late: fc.integer({ min: 0, max: 5 * 24 }),
        voidLate: seldom(fc.integer({ min: 0, max: 48 })),
        instrument: fc.constantFrom('index', 'index', 'other'),
        rater: fc.constantFrom('R1', 'R2'),
        total: fc.integer({ min: 30, max: 120 }).map((tenths) => tenths / 10),
      })
      .map(({ day, minutes, late, voidLate, ...rest }) => {
        const at = Date.UTC(2017, 9, 13) + day * DAY + minutes * 60_000;
        const recordedAt = at + late * HOUR;
        return {
          at,
          recordedAt,
          ...(voidLate !== undefined && { voidedAt: recordedAt + voidLate * HOUR }),
          site: 'S1',
          ...rest,
        };
      });
    fc.assert(
      fc.property(
        fc.uniqueArray(assessment, { maxLength: 6, selector: ({ at }) => at }),
        fc.array(fc.tuple(fc.integer({ min: -24, max: 240 }), fc.integer({ min: -24, max: 240 })), { minLength: 3 }),
        (assessments, moments) => {
          const trial: OracleTrial = {
            zone: 'America/Sao_Paulo',
            window: { weeks: 12 },
            interventionArms: [],
            sites: ['S1'],
            participants: [],
            assessments,
            instrument: 'index',
          };
          const protocol = {
            timeZone: trial.zone,
            protocol: { fidelity: { instrument: 'index', minimum: 3, maximum: 12 } },
          };
          const document = fidelityDocuments(eventsOf(trial)).get('S1') ?? { assessments: [] };
          for (const [asOfHours, knownHours] of moments) {
            const asOf = Date.UTC(2017, 9, 13) + asOfHours * HOUR;
            const knownAt = Date.UTC(2017, 9, 13) + knownHours * HOUR;
            const seen = siteFidelity(document, undefined, protocol, { asOf, knownAt })?.value ?? null;
            const wanted = oracleFidelity(trial, 'S1', asOf, knownAt);
            if (wanted === null) expect(seen).toBeNull();
            else expect(seen).toBeCloseTo(wanted, 12);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the association', () => {
  it('is that of the textbook', () => {
    const point = fc.record({
      fidelity: fc.integer({ min: 30, max: 120 }).map((tenths) => tenths / 10),
      engagement: fc.integer({ min: 0, max: 1_000 }).map((tenths) => tenths / 10),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 5, maxLength: 12 }), (given) => {
        const points = given.map((each, index) => ({ site: `S${index}`, ...each }));
        const [x, y] = [points.map((each) => each.fidelity), points.map((each) => each.engagement)];
        // Degenerate cases have their own spec: there the textbook divides by nothing.
        fc.pre(new Set(x).size > 2 && new Set(y).size > 2 && x.every((_, i) => new Set(x.toSpliced(i, 1)).size > 2));
        const oracle = oracleAssociation(x, y);
        fc.pre(oracle.residuals.every((residual) => Math.abs(residual) < 1e3));
        const association = fidelityAssociation(points);
        const near = (seen: number | null, wanted: number): void =>
          expect(Math.abs(seen! - wanted) / Math.max(1, Math.abs(wanted))).toBeLessThan(1e-6);
        near(association.pearson, oracle.pearson);
        near(association.spearman, oracle.spearman);
        near(association.slope, oracle.slope);
        near(association.intercept, oracle.intercept);
        for (const [index, residual] of oracle.residuals.entries()) {
          near(association.points[index]!.studentisedResidual, residual);
        }
      }),
      { numRuns: 300 },
    );
  });
});
