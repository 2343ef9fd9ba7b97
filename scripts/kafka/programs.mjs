import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What Kafka 4 asks of a broker's machine. */
const OLDEST_JAVA = 17;

/**
 * The `java` to run the broker with: of JAVA_HOME, or else the one on the path.
 * @throws {Error} a sentence for the user when there is none, or only an older one
 */
export async function requireJava(env = process.env) {
  const java = env.JAVA_HOME ? path.join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const said = await version(java, ['-version'], env);
  if (said === undefined) {
    throw new Error(
      `A Kafka broker needs Java ${OLDEST_JAVA} or newer, and ${java} is not there. Install one (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME.`,
    );
  }
  const major = majorOf(said);
  if (major !== undefined && major >= OLDEST_JAVA) return java;
  throw new Error(
    `A Kafka broker needs Java ${OLDEST_JAVA} or newer; ${java} is ${major ?? 'of an unknown version'}. Install a newer one, or set JAVA_HOME.`,
  );
}

/** @throws {Error} a sentence for the user when there is no Maven */
export async function requireMaven(env = process.env) {
  if ((await version('mvn', ['--version'], env)) !== undefined) return 'mvn';
  throw new Error(
    'The Kafka broker is fetched from Maven Central with Maven, and mvn is not there. Install it (Debian: apt-get install maven).',
  );
}

/** The number that counts in "17.0.15", in "1.8.0_292" and in "25-ea"; undefined where there is none. */
export function majorOf(said) {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(said) ?? [];
  if (first === undefined) return undefined;
  return Number(first === '1' ? second : first);
}

/** @returns what a program says of itself; undefined where it cannot be run */
async function version(program, args, env) {
  try {
    const { stdout, stderr } = await execute(program, args, { env });
    return `${stdout}${stderr}`;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(error.code)) return undefined;
    return `${error.stdout ?? ''}${error.stderr ?? ''}`;
  }
}
