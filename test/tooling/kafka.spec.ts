import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const { majorOf } = await import(path.join(repository, 'scripts/kafka/programs.mjs'));

describe('what is needed for Kafka', () => {
  let place: string;

  beforeEach(() => {
    place = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
  });
  afterEach(() => fs.rmSync(place, { recursive: true }));

  /** Runs a script where nothing is installed but these programs. */
  function runWith(programs: Readonly<Record<string, string>>, script: string) {
    for (const [name, text] of Object.entries(programs)) {
      fs.writeFileSync(path.join(place, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    const env = { PATH: place, CAIRN_DATA_DIR: path.join(place, 'data'), KAFKA_PORT: '65000' };
    const run = spawnSync(process.execPath, [script], { cwd: repository, encoding: 'utf8', env });
    return { status: run.status, said: run.stdout + run.stderr };
  }

  const java = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`;

  it.each(['scripts/kafka.mjs', 'scripts/test-kafka.mjs'])('is told by %s where there is no Java', (script) => {
    expect(runWith({}, script)).toEqual({
      status: 1,
      said: expect.stringMatching(/needs Java 17 or newer.*not there/),
    });
  });

  it('is told where there is only an older Java', () => {
    const old = { java: `echo 'java version "1.8.0_292"' >&2` };
    expect(runWith(old, 'scripts/kafka.mjs')).toEqual({
      status: 1,
      said: expect.stringMatching(/needs Java 17 or newer; java is 8/),
    });
  });

  it('is told where there is no Maven', () => {
    expect(runWith({ java }, 'scripts/kafka.mjs')).toEqual({
      status: 1,
      said: expect.stringContaining('mvn is not there'),
    });
  });

  it('is told in Maven’s words where the broker cannot be fetched', () => {
    const mvn = '[ "$1" = --version ] && exit 0; echo "[ERROR] no route to Maven Central"; exit 1';
    expect(runWith({ java, mvn }, 'scripts/kafka.mjs')).toEqual({
      status: 1,
      said: expect.stringMatching(/could not fetch the broker.*no route to Maven Central/),
    });
  });
});

it.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_292"', 8],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['no such thing', undefined],
])('of %s the number that counts is %s', (said, major) => {
  expect(majorOf(said)).toBe(major);
});
