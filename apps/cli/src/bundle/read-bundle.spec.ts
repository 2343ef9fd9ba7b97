import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundleRecord } from './bundle-record.js';
import { columnOf } from './bundle-record.js';
import type { Problem } from './problem.js';
import { readBundle } from './read-bundle.js';
import { readTrialFile } from './trial-file.js';

const directories: string[] = [];
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

const TRIAL = {
  id: 't1',
  title: 'A trial',
  timeZone: 'Europe/London',
  arms: [
    { id: 'peer', intervention: true },
    { id: 'usual', intervention: false },
  ],
  interventionWindow: { monthsAfterDischarge: 4 },
};

function bundle(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-bundle-'));
  directories.push(directory);
  for (const [name, text] of Object.entries({ 'trial.json': JSON.stringify(TRIAL), ...files })) {
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

async function read(files: Readonly<Record<string, string>>, tenant = 'enrich') {
  const directory = bundle(files);
  const reading = await readTrialFile(directory);
  if (reading.kind !== 'read') throw new Error('the trial file is faulty');
  const records: BundleRecord[] = [];
  const problems: Problem[] = [];
  for await (const page of readBundle(directory, tenant, reading.trial)) {
    records.push(...page.records);
    problems.push(...page.problems);
  }
  return { records, problems };
}

const PARTICIPANTS =
  'participant_id,site_id,referred_at,randomised_at,arm,stratum,worker_id,discharged_at,followed_up_at,withdrawn_at\n';
const CONTACTS = 'contact_id,participant_id,worker_id,occurred_at,entered_at,setting,mode,outcome,minutes\n';
const names = (record: BundleRecord | undefined) => record?.commands.map((command) => command.name);

test('a participant row is one record, with a command for each cell that says something', async () => {
  const { records, problems } = await read({
    'participants.csv':
      PARTICIPANTS +
      'P1,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,peer,,W1,2018-02-01T09:00:00Z,2018-02-03T09:00:00Z,2018-03-01T09:00:00Z\n' +
      'P2,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,peer,young,,,,\n' +
      'P3,S1,,2018-01-02T09:00:00Z,usual,,,,,\n',
  });
  expect(problems).toEqual([]);
  expect(names(records[1])).toEqual([
    'referParticipant',
    'recordRandomisation',
    'allocateWorker',
    'recordDischarge',
    'recordFollowUp',
    'withdrawParticipant',
  ]);
  expect(names(records[2])).toEqual(['referParticipant', 'recordRandomisation']);
  expect(records[2]!.commands[1]!.input).toEqual({
    trial: 't1',
    participant: 'P2',
    arm: 'peer',
    stratum: 'young',
    occurredAt: '2018-01-02T09:00:00Z',
  });
  expect(records[3]!.commands[0]!.input['occurredAt']).toBe('2018-01-02T09:00:00Z');
});

test('a row has the same command id wherever it is, and another one when it says something else', async () => {
  const row = 'C1,P1,W1,2018-03-01T09:00:00Z,,ward,face_to_face,attended,50\n';
  const id = async (text: string, tenant?: string) =>
    (await read({ 'contacts.csv': text }, tenant)).records[1]!.commandId;
  const first = await id(CONTACTS + row);
  expect(await id(`${CONTACTS}\r\n\r\n${row.replace('P1', ' P1 ')}`)).toBe(first);
  expect(await id(CONTACTS + row.replace('50', '51'))).not.toBe(first);
  expect(await id(CONTACTS + row, 'other')).not.toBe(first);
});

test('every wrong cell is named by file, line, column and code, and costs only its row', async () => {
  const { records, problems } = await read({
    'sites.csv':
      'site_id,name,employer_kind,employer_name,host_organisation,locality,time_zone,opened_on\n' +
      'S1,One,NHS,Trust,Trust,urban|sea,Europe/Atlantis,2017-02-30\n' +
      'S2,Two,NHS,Trust,Trust,town|rural,+01:00,2017-02-28\n' +
      'S3,Three,NHS,Trust,Trust,town | rural,,\n',
    'contacts.csv':
      CONTACTS +
      ',P1,W1,2018-03-01T09:00:00,2018-02-30T09:00:00Z,garden,phone,,fifty\n' +
      'C2,P1,W1,2018-03-01T09:00:00+01:00,,community,video,attended,50.5\n' +
      `C3,${'P'.repeat(101)},W1,2018-03-01T09:00:00+01:00,,community,video,attended,\n`,
  });
  expect(records.map((record) => [record.file, record.line])).toEqual([
    ['trial.json', undefined],
    ['sites.csv', 4],
  ]);
  expect(records[1]!.commands[0]!.input['locality']).toEqual(['town', 'rural']);
  expect(problems.map((p) => `${p.file}:${p.line} ${p.column} ${p.code}`).sort()).toEqual([
    'contacts.csv:2 contact_id VALUE_MISSING',
    'contacts.csv:2 entered_at BAD_TIME',
    'contacts.csv:2 minutes BAD_NUMBER',
    'contacts.csv:2 mode BAD_VALUE',
    'contacts.csv:2 occurred_at BAD_TIME',
    'contacts.csv:2 outcome VALUE_MISSING',
    'contacts.csv:2 setting BAD_VALUE',
    'contacts.csv:3 minutes BAD_NUMBER',
    'contacts.csv:4 participant_id BAD_IDENTIFIER',
    'sites.csv:2 locality BAD_VALUE',
    'sites.csv:2 opened_on BAD_DATE',
    'sites.csv:2 time_zone TIME_ZONE_UNKNOWN',
    'sites.csv:3 time_zone TIME_ZONE_UNKNOWN',
  ]);
});

test('a day begins when it begins in the zone of the trial', async () => {
  const { records } = await read({
    'fidelity.csv':
      'site_id,assessed_on,instrument,rater_id,total\nS1,2018-07-01,index,R1,10.4\nS1,2018-01-01,index,R1,9\n',
  });
  expect(records.slice(1).map((record) => record.commands[0]!.input['occurredAt'])).toEqual([
    '2018-06-30T23:00:00Z',
    '2018-01-01T00:00:00Z',
  ]);
});

test('a refused field is shown at its column, by the command that was refused', async () => {
  const { records } = await read({
    'participants.csv': `${PARTICIPANTS}P1,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,peer,,W1,2999-02-01T09:00:00Z,,\n`,
  });
  expect(columnOf(records[1]!, 'worker')).toBe('worker_id');
  expect(columnOf(records[1]!, 'occurredAt', 3)).toBe('discharged_at');
  expect(columnOf(records[1]!, 'nothing')).toBeUndefined();
});

describe('trial.json', () => {
  const reading = (text: string) => readTrialFile(bundle({ 'trial.json': text }));
  const codes = async (text: string) => {
    const read = await reading(text);
    return read.kind === 'faulty'
      ? read.problems.map((p) => `${p.line ?? '-'} ${p.column ?? '-'} ${p.code}`)
      : read.kind;
  };
  test.each([
    ['a syntax error', '{\n "id": "t1",\n oops\n}', ['3 - TRIAL_SYNTAX']],
    ['nothing', '', ['- - TRIAL_SYNTAX']],
    ['another kind of value', '[]', ['- - TRIAL_VALUE']],
    [
      'a zone that is none',
      JSON.stringify({ ...TRIAL, timeZone: 'Europe/Atlantis' }),
      ['- timeZone TIME_ZONE_UNKNOWN'],
    ],
    ['an offset for a zone', JSON.stringify({ ...TRIAL, timeZone: '+01:00' }), ['- timeZone TIME_ZONE_UNKNOWN']],
    [
      'missing keys',
      JSON.stringify({ ...TRIAL, title: undefined, arms: undefined }),
      ['- title TRIAL_VALUE', '- arms TRIAL_VALUE'],
    ],
    [
      'a wrong type deep inside',
      JSON.stringify({ ...TRIAL, arms: [{ id: 'x', intervention: 'yes' }] }),
      ['- arms.0.intervention TRIAL_VALUE'],
    ],
    ['a byte order mark and further keys', `\uFEFF${JSON.stringify({ ...TRIAL, further: 1 })}`, 'read'],
    [
      'null for what is not known, deep inside too',
      JSON.stringify({
        ...TRIAL,
        registration: null,
        strata: null,
        fidelity: null,
        interventionWindow: { monthsAfterDischarge: null, weeksAfterDischarge: 16 },
      }),
      'read',
    ],
    ['an empty text for what is not known', JSON.stringify({ ...TRIAL, registration: '', recruitmentTo: '' }), 'read'],
    ['null for what must be known', JSON.stringify({ ...TRIAL, title: null }), ['- title TRIAL_VALUE']],
    ['nothing but null', 'null', ['- - TRIAL_VALUE']],
  ])('%s', async (_name, text, expected) => {
    expect(await codes(text)).toEqual(expected);
  });

  test('absent: not a bundle', async () => {
    expect(await readTrialFile(join(tmpdir(), 'no-such-bundle'))).toEqual({ kind: 'absent' });
  });
});
