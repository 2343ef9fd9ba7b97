import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { inRoot } from '../workspace/root.mjs';
import { run } from '../workspace/run.mjs';
import { requireMaven } from './programs.mjs';

const POM = inRoot('infra', 'kafka', 'pom.xml');
/** Pinned, so that what is fetched is the same everywhere. */
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/**
 * The folder with the broker's jars, fetched from Maven Central unless they are there already. A folder appears under its
 * name only when it is complete, and is used only while each of its files has the size that it had then.
 * @param {string} folder where such folders are kept
 * @param {{ say?: (line: string) => void, env?: NodeJS.ProcessEnv }} [options]
 * @throws {Error} a sentence for the user when they cannot be fetched
 */
export async function brokerJars(folder, { say = () => undefined, env = process.env } = {}) {
  const pinned = createHash('sha256').update(fs.readFileSync(POM)).digest('hex').slice(0, 12);
  const jars = path.join(folder, `jars-${pinned}`);
  if (isComplete(jars)) return jars;
  const mvn = await requireMaven(env);
  say('fetching the broker from Maven Central …');
  fs.mkdirSync(folder, { recursive: true });
  const fetched = fs.mkdtempSync(path.join(folder, 'fetching-'));
  try {
    const { code, output } = await run(
      mvn,
      ['-q', '-B', '-f', POM, COPY, '-DincludeScope=runtime', `-DoutputDirectory=${fetched}`],
      { quiet: true, env },
    );
    if (code !== 0) {
      const errors = output.split('\n').filter((line) => line.includes('ERROR'));
      throw new Error(
        `Maven could not fetch the broker (exit code ${code}): ${errors[0] ?? output.trim()}\nIt needs Maven Central, or the mirror of your settings.xml, once.`,
      );
    }
    fs.writeFileSync(path.join(fetched, LIST), JSON.stringify(sizes(fetched)));
    fs.rmSync(jars, { recursive: true, force: true });
    fs.renameSync(fetched, jars);
  } finally {
    fs.rmSync(fetched, { recursive: true, force: true });
  }
  return jars;
}

const LIST = 'complete.json';

const sizes = (folder) =>
  Object.fromEntries(
    fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.jar'))
      .map((name) => [name, fs.statSync(path.join(folder, name)).size]),
  );

function isComplete(jars) {
  try {
    const expected = JSON.parse(fs.readFileSync(path.join(jars, LIST), 'utf8'));
    const found = sizes(jars);
    return Object.entries(expected).every(([name, size]) => found[name] === size);
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return false;
    throw error;
  }
}
