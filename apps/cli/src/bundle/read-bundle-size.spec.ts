import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readBundle } from './read-bundle.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Kept together, so many contacts would take more than twice what is allowed below. */
const ROWS = 250_000;
const HEADER = 'contact_id,participant_id,worker_id,occurred_at,entered_at,setting,mode,outcome,minutes\n';

test('contacts are read in memory that does not grow with them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-many-'));
  try {
    writeFileSync(join(directory, 'trial.json'), '{}');
    const file = openSync(join(directory, 'contacts.csv'), 'w');
    writeSync(file, HEADER);
    for (let from = 0; from < ROWS; from += 10_000) {
      let rows = '';
      for (let n = from; n < from + 10_000; n++) {
        rows += `C${n},P${n % 5_000},W1,2018-03-01T09:00:00Z,,ward,face_to_face,attended,${n % 90}\n`;
      }
      writeSync(file, rows);
    }
    closeSync(file);

    const trial = {
      id: 't',
      title: 'T',
      timeZone: 'Europe/London',
      protocol: { arms: [], strata: [], interventionWindow: { monthsAfterDischarge: 4 }, engagementDefinitions: [] },
    };
    let records = 0;
    let pages = 0;
    let most = 0;
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for await (const page of readBundle(directory, 'enrich', trial)) {
      expect(page.problems).toEqual([]);
      records += page.records.length;
      if (++pages % 25 === 0) {
        collectGarbage();
        most = Math.max(most, process.memoryUsage().heapUsed - before);
      }
    }
    expect(records).toBe(ROWS + 1);
    expect(pages).toBeGreaterThan(75);
    expect(most).toBeLessThan(30_000_000);
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 120_000);
