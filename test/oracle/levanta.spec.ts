import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  engagementDefinition,
  interventionWindowClose,
  present,
  siteFidelity,
  TrialEngagement,
} from '@cairn/monitoring';
import { Protocol } from '@cairn/registry/protocol';
import { readBundle, trialFile } from './bundle.js';
import {
  definitions,
  type OracleDefinition,
  oracleFidelity,
  type OracleRow,
  type OracleStatus,
  oracleStatus,
  oracleTable,
} from './engagement-oracle.js';
import { eventsOf, fidelityDocuments, participantDocuments } from './facts.js';
import { expectSameTable } from './same-table.js';

/*
 * A bundle of another shape: four sites, one without participants; windows of twelve weeks across both clock changes in a
 * zone whose clocks go forward at midnight; contacts in the last and after the last minute; unknown workers;
 * readmissions; quoted cells, CRLF and byte order marks. Site SP-10 was made by hand.
 */

const directory = join(import.meta.dirname, '../data/levanta');
const trial = readBundle(directory);
const file = Protocol.parse(trialFile(directory));

const threeAfter: OracleDefinition = (contacts, dischargedAt) =>
  contacts.filter(
    (contact) => contact.setting === 'community' && dischargedAt !== undefined && contact.at >= dischargedAt,
  ).length >= 3;
const inWords = { ...definitions, 'three-after': threeAfter } as const;
type Name = keyof typeof inWords;
const names = Object.keys(inWords) as Name[];

interface Expected {
  asOf: string;
  tables: Record<Name, OracleRow[]>;
  fidelity: Record<string, number | null>;
}
const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8')) as Expected[];
const end = Date.parse('2018-12-31T00:00:00Z');

describe('the Levanta trial', () => {
  const events = eventsOf(trial);
  const engagement = new TrialEngagement({ timeZone: trial.zone, protocol: file });
  for (const [id, document] of participantDocuments(events)) engagement.set(id, document);

  it.each(expected)('has the expected tables as of $asOf', ({ asOf: text, tables, fidelity }) => {
    const asOf = Date.parse(text);
    for (const name of names) {
      expect(oracleTable(trial, inWords[name], asOf)).toEqual(tables[name]);
      const table = engagement.table(engagementDefinition(file, name)!, present(asOf), trial.sites);
      expectSameTable(table, tables[name]);
    }
    const assessments = fidelityDocuments(events);
    for (const [site, value] of Object.entries(fidelity)) {
      expect(oracleFidelity(trial, site, asOf)).toBe(value);
      const protocol = { timeZone: trial.zone, protocol: file };
      const seen = siteFidelity(assessments.get(site) ?? { assessments: [] }, undefined, protocol, present(asOf));
      expect(seen?.value ?? null).toBe(value);
    }
  });

  it('has windows that end where its days do', () => {
    const close = (dischargedAt: string): number =>
      interventionWindowClose(Date.parse(dischargedAt), file.interventionWindow, trial.zone);
    expect(close('2017-07-22T11:00:00-03:00')).toBe(Date.parse('2017-10-15T01:00:00-02:00'));
    expect(close('2017-11-25T23:30:00-02:00')).toBe(Date.parse('2018-02-18T00:00:00-03:00'));
    expect(close('2017-10-10T09:00:00-03:00')).toBe(Date.parse('2018-01-03T00:00:00-02:00'));
  });

  /** By table, by text. Twelve weeks after 22 July is 14 October, after 25 November 17 February, after 10 October 2 January. */
  const byHand: [string, OracleStatus, OracleStatus, string][] = [
    ['001', 'engaged', 'engaged', 'second contact in the last minute before the clocks go forward'],
    ['002', 'not_engaged', 'not_engaged', 'second contact in the first minute after, which is 01:00'],
    ['003', 'engaged', 'engaged', 'second contact in the second 23:59 of the last day'],
    ['004', 'not_engaged', 'not_engaged', 'second contact one minute later'],
    ['005', 'not_engaged', 'engaged', 'a video call and, in the last minute, a text'],
    ['006', 'not_engaged', 'engaged', 'both on the ward, the second during a readmission'],
    ['007', 'no_data', 'no_data', 'no worker known'],
    ['008', 'not_offered', 'not_offered', 'usual care'],
    ['009', 'not_yet', 'not_yet', 'never discharged'],
    ['010', 'not_engaged', 'engaged', 'one at the minute of discharge, one by telephone, one missed'],
  ];
  it.each(byHand)('SP-10/%s is %s by table and %s by text: %s', (number, table, text, _why) => {
    const id = `SP-10/${number}`;
    for (const [name, status] of [
      ['table', table],
      ['text', text],
    ] as const) {
      expect(engagement.participant(id, engagementDefinition(file, name)!, present(end))?.status).toBe(status);
      const participant = trial.participants.find((each) => each.id === id)!;
      expect(oracleStatus(trial, participant, inWords[name], end).status).toBe(status);
    }
  });

  it('has the row of SP-10 counted by hand', () => {
    const rows = expected.at(-1)!.tables;
    const counts = { site: 'SP-10', randomised: 10, offered: 9, withData: 8, notYet: 1 };
    expect(rows.table).toContainEqual({
      ...counts,
      engaged: 2,
      notEngaged: 5,
      pctOfWithData: 25,
      pctOfOffered: (100 * 2) / 9,
      lower: (100 * 2) / 9,
      upper: (100 * 3) / 9,
    });
    expect(rows.text).toContainEqual(expect.objectContaining({ ...counts, engaged: 5, notEngaged: 2 }));
    expect(rows['three-after']).toContainEqual(expect.objectContaining({ ...counts, engaged: 0, notEngaged: 7 }));
  });
});
