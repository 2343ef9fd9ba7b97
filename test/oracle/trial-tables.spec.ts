import { describe, expect, it } from '@jest/globals';
import type { ParticipantEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import {
  armFlow,
  clinicalFollowUpFlow,
  engagementDefinitions,
  type FlowNode,
  participantFlow,
  protocolAt,
  TrialEngagement,
  type TrialTable,
  trialTables,
} from '@cairn/monitoring';
import { rounds } from '../support/rounds.js';
import { participantDocuments } from './facts.js';
import { randomLog, registerAt } from './random-log.js';
import { type Cell, oracleTables } from './tables-oracle.js';

const ROUNDS = rounds({ ci: 20, night: 400 });

/** The residuals and the classes of the association have their own oracle, see random-trials.spec.ts. */
const elsewhere = new Set(['residual', 'class', 'reason']);

function cellsOf(tables: readonly TrialTable[]): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const { table, key, rows } of tables) {
    for (const row of rows) {
      for (const [column, value] of Object.entries(row)) {
        if (key.includes(column) || (table === 'association' && elsewhere.has(column))) continue;
        cells.set([table, ...key.map((name) => String(row[name])), column].join('\n'), value);
      }
    }
  }
  return cells;
}

const rounded = (cells: ReadonlyMap<string, Cell>): Record<string, Cell> =>
  Object.fromEntries(
    [...cells]
      .map(([name, value]) => [name, typeof value === 'number' ? Number(value.toFixed(7)) + 0 : value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

describe('the tables of any small trial', () => {
  it.each(Array.from({ length: ROUNDS }, (_, seed) => seed))('are those that counting gives, log %i', (seed) => {
    const log = randomLog(seed);
    for (const { position, occurredBefore } of log.moments) {
      const register = registerAt(log, position);
      const events = log.events.filter((event) => event.position <= position);
      const tables = trialTables({ register, events, occurredBefore });
      expect(rounded(cellsOf(tables))).toEqual(rounded(oracleTables(register, events, occurredBefore)));
    }
  });

  it.each(Array.from({ length: ROUNDS }, (_, seed) => seed))('have flows that conserve, log %i', (seed) => {
    const log = randomLog(seed);
    for (const { position, occurredBefore } of log.moments) {
      const register = registerAt(log, position);
      const events = log.events.filter((event) => event.position <= position);
      const tables = trialTables({ register, events, occurredBefore });
      const [flow, arms] = ['flow', 'arms'].map((name) => tables.find(({ table }) => table === name)!);
      const sites = flow!.rows.map(({ site }) => String(site));
      const ofSites = sites.map((site) => participantFlow(flow!, site)!);
      const ofArms = arms!.rows.map(({ arm }) => armFlow(arms!, String(arm))!);
      const followUps = sites.flatMap((site) => clinicalFollowUpFlow(flow!, site) ?? []);
      expect([...ofSites, ...ofArms, ...followUps].flatMap(leaking)).toEqual([]);
      // The sites make up all of them, and so do the arms, box by box.
      const all = countsOf(participantFlow(flow!)!);
      const others = sites.filter((site) => site !== 'all').map((site) => participantFlow(flow!, site)!);
      expect(sum(others.map(countsOf))).toEqual(others.length === 0 ? new Map() : all);
      const byArm = sum(ofArms.map(countsOf));
      for (const [box, count] of byArm) expect([box, count]).toEqual([box, all.get(box)]);
    }
  });

  it.each(Array.from({ length: ROUNDS }, (_, seed) => seed))('say what the live table says, log %i', (seed) => {
    const log = randomLog(seed);
    for (const { position, occurredBefore } of log.moments) {
      const register = registerAt(log, position);
      const events = log.events.filter((event) => event.position <= position);
      const asOf = occurredBefore - 1;
      const { protocol } = protocolAt(register, asOf);
      const live = new TrialEngagement({ timeZone: register.timeZone, protocol });
      const ofParticipants = events.filter((event): event is Fact<ParticipantEvent> => 'participant' in event.data);
      for (const [id, document] of participantDocuments(ofParticipants)) live.set(id, document);
      const sites = register.sites.map(({ site }) => site);
      const tables = trialTables({ register, events, occurredBefore });
      for (const definition of engagementDefinitions(protocol)) {
        const { overall } = live.table(definition, { asOf, knownAt: Infinity }, sites);
        const all = (name: string) =>
          tables
            .find(({ table }) => table === name)!
            .rows.find((row) => row['definition'] === definition.id && row['site'] === 'all');
        expect(all('engagement')).toMatchObject({
          with_data: overall.withData,
          engaged: overall.engaged,
          not_yet: overall.notYet,
          not_engaged: overall.notEngaged,
          of_with_data: overall.ofWithData.value,
        });
        expect(all('offered')).toMatchObject({
          randomised: overall.randomised,
          offered: overall.offered,
          of_offered: overall.ofOffered.value,
          lower: overall.bounds.lower,
          upper: overall.bounds.upper,
        });
      }
    }
  });
});

/** Boxes whose children do not add up to them. */
const leaking = (node: FlowNode): readonly FlowNode[] => [
  ...(node.children.length > 0 && total(node.children.map(({ count }) => count)) !== node.count ? [node] : []),
  ...node.children.flatMap(leaking),
];

const countsOf = (node: FlowNode): Map<string, number> =>
  new Map([[node.id, node.count], ...node.children.flatMap((child) => [...countsOf(child)])]);

const sum = (maps: readonly Map<string, number>[]): Map<string, number> => {
  const boxes = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  return new Map(boxes.map((box) => [box, total(maps.map((map) => map.get(box) ?? 0))]));
};

const total = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
