import { describe, expect, it } from '@jest/globals';
import {
  engagedAt,
  fidelityAssociation,
  interventionWindowClose,
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
  type OracleDefinition,
  oracleFidelity,
  oracleStatus,
  oracleTable,
  type OracleTrial,
} from './engagement-oracle.js';
import { eventsOf, fidelityDocuments, participantDocuments } from './facts.js';
import { amendable, clock, DAY, dischargeBefore, HOUR, protocolWindow, scene, seldom, window } from './random-trial.js';
import { expectSameTable } from './same-table.js';

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
    const total = fc.integer({ min: 30, max: 120 }).map((tenths) => tenths / 10);
    const assessment = fc
      .record({
        day: fc.integer({ min: 0, max: 4 }),
        minutes: fc.integer({ min: 0, max: 1_439 }),
        late: fc.integer({ min: 0, max: 5 * 24 }),
        voidLate: seldom(fc.integer({ min: 0, max: 48 })),
        instrument: fc.constantFrom('index', 'index', 'other'),
        rater: fc.constantFrom('R1', 'R2'),
        total,
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
        fc.uniqueArray(amendable(assessment, fc.record({ total })), { maxLength: 6, selector: ({ at }) => at }),
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
