import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cairnAs, readImportOutput } from '../support/cairn-command.js';
import { runApi, type RunningApi } from '../support/running-api.js';

let running: RunningApi;
beforeAll(async () => {
  running = await runApi({}, { tenant: 'enrich' });
}, 60_000);
afterAll(() => running.close());

const directories: string[] = [];
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

const FILES = {
  'sites.csv': [
    'site_id,name,employer_kind,employer_name,host_organisation,locality,time_zone,opened_on',
    'S1,Site 1,NHS,Trust 1,Trust 1,urban,,2017-01-09',
    'S2,Site 2,GPs,Trust 2,Trust 2,urban,,2017-01-09',
    'S3,Site 3,VOL,Group 3,Trust 3,urban,Europe/Atlantis,2017-01-09',
  ],
  'workers.csv': [
    'worker_id,site_id,role,started_at,ended_at,days_per_week',
    'W1,S1,peer_worker,2017-01-09T09:00:00+00:00,,2',
    'W9,S9,peer_worker,2017-01-09T09:00:00+00:00,,2',
  ],
  'training.csv': ['worker_id,attended_on', 'W1,2017-01-01'],
  'participants.csv': [
    'participant_id,site_id,referred_at,randomised_at,arm,stratum,worker_id,discharged_at,followed_up_at,withdrawn_at',
    'P1,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,peer,,W1,2018-02-01T09:00:00Z,,',
    'P2,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,peer,,,2999-02-01T09:00:00Z,,',
    'P3,S9,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,peer,,,,,',
    'P4,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,nonsense,,,,,',
    'P5,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,usual,,,2018-02-01,,',
    'P1,S1,2018-01-01T09:00:00Z,2018-01-02T09:00:00Z,usual,,,,,',
  ],
  'contacts.csv': [
    'contact_id,participant_id,worker_id,occurred_at,entered_at,setting,mode,outcome,minutes',
    'C1,P1,W1,2018-01-20T09:00:00Z,,ward,face_to_face,attended,30',
    'C2,P1,W1,2018-02-20T09:00:00Z,,community,face_to_face,attended,30',
    'C3,P2,W1,2018-02-20T09:00:00Z,,community,face_to_face,attended,30',
    'C4,P5,W1,2018-02-20T09:00:00Z,,community,face_to_face,attended,30',
    'C2,P1,W1,2018-02-21T09:00:00Z,,community,face_to_face,attended,30',
    'C5,P1,W1,2018-02-22T09:00:00Z,,community,face_to_face,attended,2000',
    'C6,P1,W1,2999-02-22T09:00:00Z,,community,face_to_face,attended,20',
    '"C7,P1,W1,2018-02-22T09:00:00Z,,community,face_to_face,attended,20',
    'C8,P1,W8,2018-02-23T09:00:00Z,,community,face_to_face,attended,20',
  ],
  'fidelity.csv': ['site_id,assessed_on,instrument,rater_id,total', 'S1,2018-03-01,index,R1,13'],
};

function bundle(trial: string, files: Readonly<Record<string, readonly string[]>>): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'cairn-bundle-'));
  directories.push(directory);
  const description = {
    id: trial,
    title: 'A trial',
    timeZone: 'Europe/London',
    arms: [
      { id: 'peer', intervention: true },
      { id: 'usual', intervention: false },
    ],
    interventionWindow: { monthsAfterDischarge: 4 },
    fidelity: { instrument: 'index', minimum: 3, maximum: 12 },
  };
  writeFileSync(path.join(directory, 'trial.json'), JSON.stringify(description));
  for (const [name, lines] of Object.entries(files)) writeFileSync(path.join(directory, name), lines.join('\n'));
  return directory;
}

const importing = async (directory: string, ...options: string[]) => {
  const { exitCode, out } = await cairnAs(running)('import', directory, '--format', 'json', ...options);
  return { exitCode, ...readImportOutput(out) };
};
const places = (problems: readonly { file: string; line?: number; column?: string; code: string }[]) =>
  problems.map((p) => `${p.file}:${p.line ?? '-'} ${p.column ?? '-'} ${p.code}`);

const EXPECTED = [
  'sites.csv:3 employer_kind BAD_VALUE',
  'sites.csv:4 time_zone TIME_ZONE_UNKNOWN',
  'workers.csv:3 site_id SITE_UNKNOWN',
  'training.csv:1 days COLUMN_MISSING',
  'participants.csv:3 discharged_at OCCURRED_IN_FUTURE',
  'participants.csv:4 site_id SITE_UNKNOWN',
  'participants.csv:5 arm ARM_UNKNOWN',
  'participants.csv:6 discharged_at BAD_TIME',
  'participants.csv:7 participant_id ALREADY_RANDOMISED',
  'contacts.csv:4 participant_id PARTICIPANT_UNKNOWN',
  'contacts.csv:5 participant_id PARTICIPANT_UNKNOWN',
  'contacts.csv:6 contact_id CONTACT_ID_REUSED',
  'contacts.csv:7 minutes INVALID_INPUT',
  'contacts.csv:8 occurred_at OCCURRED_IN_FUTURE',
  'contacts.csv:9 - QUOTE_NOT_CLOSED',
  'contacts.csv:10 worker_id WORKER_UNKNOWN',
  'fidelity.csv:2 total FIDELITY_OUT_OF_RANGE',
];

test('every bad row is named by file, line, column and code; a dry run names the same and writes nothing', async () => {
  const directory = bundle('mixed', FILES);
  const before = await running.store.head('enrich');
  const dry = await importing(directory, '--dry-run');
  expect(places(dry.problems)).toEqual(EXPECTED);
  expect(dry).toMatchObject({ exitCode: 1, summary: { eventsAdded: 0 } });
  expect(await running.store.head('enrich')).toBe(before);

  const strict = await importing(directory, '--strict');
  expect(strict).toEqual({ ...dry, summary: { ...dry.summary, seconds: expect.any(Number) as number } });
  expect(await running.store.head('enrich')).toBe(before);

  const real = await importing(directory);
  expect(real.exitCode).toBe(1);
  expect(real.problems).toEqual(dry.problems);
  // The trial, its good site and worker, P1 and its two contacts.
  expect(real.summary).toMatchObject({ accepted: 6, unchanged: 0, refused: 16 });
  expect(BigInt(real.summary.position)).toBe(await running.store.head('enrich'));

  const again = await importing(directory);
  expect(places(again.problems)).toEqual(EXPECTED);
  expect(again.summary).toMatchObject({ accepted: 0, unchanged: 6, refused: 16, eventsAdded: 0 });
  const dryAgain = await importing(directory, '--dry-run');
  expect(dryAgain.problems).toEqual(dry.problems);
  expect(dryAgain.summary).toMatchObject({ accepted: 0, unchanged: 6, refused: 16 });
}, 60_000);

test('--strict writes a bundle in which every row is good', async () => {
  const good = {
    'sites.csv': FILES['sites.csv'].slice(0, 2),
    'workers.csv': FILES['workers.csv'].slice(0, 2),
    'participants.csv': FILES['participants.csv'].slice(0, 2),
  };
  const { exitCode, summary } = await importing(bundle('good', good), '--strict');
  expect(exitCode).toBe(0);
  expect(summary).toMatchObject({ accepted: 4, refused: 0 });
  expect(summary.eventsAdded).toBeGreaterThanOrEqual(7);
});

test('a row that says more than last time adds what is new', async () => {
  const [header, row] = FILES['participants.csv'];
  const files = { 'sites.csv': FILES['sites.csv'].slice(0, 2), 'workers.csv': FILES['workers.csv'].slice(0, 2) };
  await importing(
    bundle('more', { ...files, 'participants.csv': [header!, row!.replace('2018-02-01T09:00:00Z', '')] }),
  );
  const { summary } = await importing(bundle('more', { ...files, 'participants.csv': [header!, row!] }));
  expect(summary).toMatchObject({ accepted: 1, unchanged: 3, eventsAdded: 1 });
});
