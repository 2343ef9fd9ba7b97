import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventId } from '@cairn/event-sourcing';
import { prepareKeyRing } from '@cairn/platform/signing';
import fc from 'fast-check';
import pg from 'pg';
import { cairnAs } from '../support/cairn-command.js';
import { rounds } from '../support/rounds.js';
import { offerSupport, runApi, type RunningApi, setUpTrial } from '../support/running-api.js';
import { runNotary } from '../support/running-notary.js';

/*
 * The owner of the database switches the triggers off and edits rows by hand, after they were signed. `cairn verify --trial`
 * exports the trial and names the first position that is not what was signed.
 */

const TRIAL = 'T';
const SCOPE = `${TRIAL}/`;
const folder = fs.mkdtempSync(join(tmpdir(), 'cairn-database-'));
const keyRing = join(folder, 'signing-keys.json');
let running: RunningApi;
let owner: pg.Client;
/** Positions of the trial's events in the tenant's log: that of the first is at 0. */
let positions: readonly string[];

beforeAll(async () => {
  await prepareKeyRing(keyRing, new Date());
  running = await runApi({ CAIRN_SIGNING_KEYS: keyRing });
  const notary = await runNotary(running.databaseUrl, keyRing);
  await setUpTrial(running, TRIAL, ['S1', 'S2']);
  for (let n = 0; n < 12; n++) await offerSupport(running, TRIAL, `S${(n % 2) + 1}`, `P${n}`);
  // Signed, and from then on nobody signs any more.
  expect(await verify()).toMatchObject({ result: 'verified' });
  await notary.stop();
  owner = new pg.Client({ connectionString: running.databaseUrl });
  await owner.connect();
  const { rows } = await owner.query<{ position: string }>(
    'select position from cairn.event where tenant = $1 and starts_with(stream, $2) order by position',
    [running.tenant, SCOPE],
  );
  positions = rows.map(({ position }) => position);
}, 60_000);
afterAll(async () => {
  await owner.end();
  await running.close();
  fs.rmSync(folder, { recursive: true });
});

interface Verdict {
  readonly result: string;
  readonly position?: number;
  readonly code?: string;
}

async function verify(): Promise<Verdict> {
  const { exitCode, out, err } = await cairnAs(running)('verify', '--trial', TRIAL, '--json');
  if (out === '') throw new Error(`exit code ${exitCode}: ${err}`);
  return JSON.parse(out) as Verdict;
}

const HERE = 'tenant = $1 and position = $2';

type Edit = (at: number, chance: (below: number) => number) => Promise<number | undefined>;
const run = (sql: string, ...values: readonly unknown[]): Promise<pg.QueryResult> =>
  owner.query(sql, [running.tenant, ...values]);

/** Makes room behind, from the end, as the key is never to be there twice. */
async function shift(from: string, by: number): Promise<void> {
  await run('update cairn.event set position = position + 1000000 where tenant = $1 and position >= $2', from);
  await run(
    'update cairn.event set position = position - 1000000 + $3 where tenant = $1 and position >= $2',
    1_000_000,
    by,
  );
}

/** @returns the first altered position of the trial's log, from 1; undefined where nothing came of it */
const edits: Readonly<Record<string, Edit>> = {
  'a payload': async (at) => {
    await run(`update cairn.event set payload = replace(payload, 'T', 'U') where ${HERE}`, positions[at]);
    return at + 1;
  },
  'white space in a payload': async (at) => {
    await run(`update cairn.event set payload = replace(payload, ',', E',\\n ') || ' ' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a name twice in a payload': async (at) => {
    await run(`update cairn.event set payload = left(payload, -1) || ',"trial":"T"}' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a time of record, by a microsecond': async (at) => {
    await run(
      `update cairn.event set recorded_at = recorded_at + interval '1 microsecond' where ${HERE}`,
      positions[at],
    );
    return at + 1;
  },
  'a time of record, by a millisecond': async (at) => {
    await run(
      `update cairn.event set recorded_at = recorded_at - interval '1 millisecond' where ${HERE}`,
      positions[at],
    );
    return at + 1;
  },
  'when it happened': async (at) => {
    await run(`update cairn.event set occurred_at = occurred_at + interval '1 day' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'when it happened, by a microsecond': async (at) => {
    await run(
      `update cairn.event set occurred_at = occurred_at + interval '1 microsecond' where ${HERE}`,
      positions[at],
    );
    return at + 1;
  },
  'who did it': async (at) => {
    await run(`update cairn.event set actor = 'somebody else' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'an id': async (at) => {
    await run(`update cairn.event set id = $3 where ${HERE}`, positions[at], randomUUID());
    return at + 1;
  },
  'a command id': async (at) => {
    await run(`update cairn.event set command_id = $3 where ${HERE}`, positions[at], randomUUID());
    return at + 1;
  },
  'what led to it, written out': async (at) => {
    await run(`update cairn.event set causation_id = command_id::text where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a fingerprint': async (at) => {
    await run(`update cairn.event set metadata = '{"fingerprint":"0"}' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'white space in metadata': async (at) => {
    await run(`update cairn.event set metadata = replace(metadata, ':', ': ') where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a type': async (at) => {
    await run(`update cairn.event set type = type || 'X' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a version': async (at) => {
    await run(`update cairn.event set schema_version = 2 where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a revision': async (at) => {
    await run(`update cairn.event set revision = revision + 1000 where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a stream': async (at) => {
    await run(`update cairn.event set stream = stream || 'x' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'the stream of another trial': async (at) => {
    await run(`update cairn.event set stream = 'X' || stream where ${HERE}`, positions[at]);
    return at + 1;
  },
  'the tenant': async (at) => {
    await run(`update cairn.event set tenant = 'other' where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a row deleted': async (at) => {
    await run(`delete from cairn.event where ${HERE}`, positions[at]);
    return at + 1;
  },
  'a row deleted, and the gap closed': async (at) => {
    await run(`delete from cairn.event where ${HERE}`, positions[at]);
    await shift(positions[at]!, -1);
    return at + 1;
  },
  'positions swapped': async (at, chance) => {
    const other = chance(positions.length);
    if (other === at) return undefined;
    await run(`update cairn.event set position = -1 where ${HERE}`, positions[at]);
    await run(`update cairn.event set position = $3 where ${HERE}`, positions[other], positions[at]);
    await run(`update cairn.event set position = $3 where ${HERE}`, -1, positions[other]);
    return Math.min(at, other) + 1;
  },
  'a row put in': async (at) => {
    const command = randomUUID();
    // There is one event more than was signed, and the notary that went on would find that out.
    await run(
      `update cairn.notary set halted_position = 1, halted_reason = 'altered', halted_at = now() where tenant = $1`,
    );
    await shift(positions[at]!, 1);
    await run(
      `insert into cairn.event (position, occurred_at, recorded_at, id, command_id, revision, schema_version, tenant,
         stream, type, actor, correlation_id, causation_id, metadata, payload)
       select $3::bigint, occurred_at, recorded_at, $4, $5, 100000, schema_version, tenant, stream, type, actor,
         correlation_id, causation_id, metadata, payload
       from cairn.event where tenant = $1 and position = $2`,
      Number(positions[at]) + 1,
      positions[at],
      eventId(command, 0),
      command,
    );
    return at + 1;
  },
  'the note of a checkpoint': async (at) => {
    const size = await covering(at);
    await run(
      `update cairn.checkpoint set note = translate(note, 'ABCDEF', 'BCDEFA') where tenant = $1 and scope = $2 and size = $3`,
      TRIAL,
      size.size,
    );
    return size.from;
  },
  'a tile': async (at) => {
    await run(
      `update cairn.tile set hashes = set_byte(hashes, $3, 255 - get_byte(hashes, $3))
       where tenant = $1 and scope = $2 and level = 0 and index = 0`,
      TRIAL,
      at * 32 + 7,
    );
    return at + 1;
  },
  'a tile cut off': async (at) => {
    if (at === 0) return undefined;
    await run(
      `update cairn.tile set hashes = substr(hashes, 1, $3) where tenant = $1 and scope = $2 and level = 0`,
      TRIAL,
      at * 32,
    );
    return at + 1;
  },
  'a checkpoint deleted': async (at) => {
    const size = await covering(at);
    await run('delete from cairn.checkpoint where tenant = $1 and scope = $2 and size = $3', TRIAL, size.size);
    // The last one being gone looks like one that is yet to come.
    return size.isLast ? undefined : size.from;
  },
};

async function covering(
  at: number,
): Promise<{ readonly from: number; readonly size: string; readonly isLast: boolean }> {
  const { rows } = await run('select size from cairn.checkpoint where tenant = $1 and scope = $2 order by size', TRIAL);
  const sizes = rows.map(({ size }: { size: string }) => Number(size));
  const index = sizes.findIndex((size) => size > at);
  return { from: (sizes[index - 1] ?? 0) + 1, size: String(sizes[index]), isLast: index === sizes.length - 1 };
}

const TABLES = ['event', 'checkpoint', 'notary', 'tile'];

/** Edits for as long as somebody looks; then everything is as it was. */
async function edited(
  edit: () => Promise<number | undefined>,
  look: (expected: number) => Promise<void>,
): Promise<void> {
  for (const table of TABLES) {
    await owner.query(`create temporary table if not exists kept_${table} as select * from cairn.${table}`);
    await owner.query(`alter table cairn.${table} disable trigger all`);
  }
  try {
    const expected = await edit();
    if (expected !== undefined) await look(expected);
  } finally {
    for (const table of TABLES) {
      await owner.query(`delete from cairn.${table}`);
      await owner.query(`insert into cairn.${table} select * from kept_${table}`);
    }
  }
}

test.each(Object.keys(edits))('%s: found, and where', async (name) => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), async (numbers) => {
      const chance = (below: number): number => numbers.next().value % below;
      const at = chance(positions.length);
      await edited(
        () => edits[name]!(at, chance),
        async (expected) => {
          const { result, position, code } = await verify();
          expect({ result, position, code }).toEqual({ result: 'altered', position: expected, code });
        },
      );
    }),
    { numRuns: rounds({ ci: 1, night: 12 }) },
  );
});

test('everything put back, nothing is found', async () => {
  expect(await verify()).toMatchObject({ result: 'verified' });
});
