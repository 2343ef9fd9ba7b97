import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { verifierKey, verifierKeyText } from '@cairn/audit';
import { BackupSource } from '@cairn/platform';
import { prepareKeyRing } from '@cairn/platform/signing';
import { readChain } from '../backup/chain.js';
import { makeStone } from '../backup/make-stone.js';
import { restoreBackup } from '../backup/restore-backup.js';
import { goThroughBackup } from '../backup/verify-backup.js';
import type { BenchContext } from './context.js';
import { query } from './laboratory.js';
import { rebuildAll } from './rebuilding.js';
import type { Section } from './report.js';
import { startService } from './service.js';
import { openSigning } from './signing.js';
import { TENANT } from './trials.js';

/** What two databases must have alike. */
const PROOFS = `select md5(string_agg(note, '' order by scope, size)) as notes,
  (select md5(string_agg(id::text || payload, '' order by position)) from cairn.event) as events from cairn.checkpoint`;

/** How long it takes to back a signed log up, to verify the backup and to bring it back. */
export async function benchBackup({ laboratory, databases, scale }: BenchContext): Promise<Section> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'cairn-bench-backup-'));
  try {
    const { url, plan } = await databases.with(scale.events);
    const ring = path.join(folder, 'signing-keys.json');
    const { name, keys } = await prepareKeyRing(ring, new Date());
    const signedIn = await took(() => sign(url, ring));
    const directory = path.join(folder, 'backup');
    await mkdir(directory);
    const publicKeys = keys.map((key) => verifierKeyText(verifierKey(name, Buffer.from(key.public, 'base64'))));
    let bytes = 0;
    const backUp = async (): Promise<void> => {
      const before = bytes === 0 ? [] : await readChain(directory);
      const source = await BackupSource.open(url);
      try {
        bytes += (await makeStone(directory, before, source, { keys: publicKeys, now: new Date() })).bytes;
      } finally {
        await source.close();
      }
    };
    const first = await took(backUp);
    const again = await took(backUp);
    const verified = await took(async () => void (await goThroughBackup(await readChain(directory), undefined)));
    const target = await laboratory.createCairn('restored');
    const restored = await took(async () => void (await restoreBackup(await readChain(directory), target, undefined)));
    const there: unknown = (await query(url, PROOFS)).rows[0];
    const back: unknown = (await query(target, PROOFS)).rows[0];
    if (JSON.stringify(there) !== JSON.stringify(back)) throw new Error('what was restored is not what was backed up');
    const { eventsPerSecond } = await rebuildAll({ url: target, plan, appendedIn: 0 });
    const minutes = (milliseconds: number): number => (milliseconds / 60_000 / plan.events) * 1e6;
    const perMillion = (title: string, milliseconds: number) => ({
      title,
      figure: minutes(milliseconds),
      unit: ' min per million',
    });
    return {
      name: 'backup',
      title: `Backup and restore of a signed log of ${plan.events.toLocaleString('en')} events`,
      targets: [],
      correctness: [],
      figures: [
        perMillion('backup', first),
        perMillion('verify', verified),
        perMillion('restore', restored),
        perMillion('rebuild of all read models', (plan.events / eventsPerSecond) * 1_000),
        { title: 'backup with nothing new', figure: again, unit: ' ms' },
        { title: 'size', figure: bytes / plan.events, unit: ' bytes/event' },
        { title: 'signing the log from its beginning', figure: (plan.events / signedIn) * 1_000, unit: ' events/s' },
      ],
      notes: ['Restored are the events and every checkpoint of the log; their digests are compared.'],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sign(url: string, ring: string): Promise<void> {
  const projector = await startService('projector', { DATABASE_URL: url, CAIRN_SIGNING_KEYS: ring }, '/health');
  const signing = openSigning(url);
  try {
    await signing.caughtUp(TENANT);
  } finally {
    await signing.close();
    await projector.stop();
  }
}

async function took(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
