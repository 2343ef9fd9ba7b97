import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** kcat and what it needs that not every machine has; unpacked, not installed, so that nobody has to be root. */
const PACKAGES = ['kcat', 'librdkafka1', 'libyajl2', 'libsasl2-2', 'libsasl2-modules-db', 'liblz4-1', 'libzstd1'];

/**
 * kcat, a client of Kafka that shares no code with ours: the one on the path, or else Debian's, fetched once into a folder.
 * @returns {Promise<{ command: string, env: Record<string, string> }>} what to run, and what it needs in its environment
 * @throws {Error} a sentence for the user when there is none to be had
 */
export async function findKcat(folder) {
  const own = path.join(folder, 'kcat');
  const candidates = [{ command: 'kcat', env: {} }, unpacked(own)];
  for (const kcat of candidates) if (await works(kcat)) return kcat;
  try {
    await fetchInto(own);
  } catch (error) {
    throw new Error(
      `The tests of Kafka need kcat, and it could be fetched neither from the path nor from Debian (${firstLine(error)}). Install it: apt-get install kcat`,
      { cause: error },
    );
  }
  const kcat = unpacked(own);
  if (await works(kcat)) return kcat;
  throw new Error('The tests of Kafka need kcat, and Debian’s does not run here. Install one that does.');
}

async function fetchInto(own) {
  const fresh = `${own}.new`;
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(fresh, { recursive: true });
  const download = () => execute('apt-get', ['download', ...PACKAGES], { cwd: fresh });
  try {
    await download();
  } catch (error) {
    // An image without package lists has to fetch those first, which only root may.
    if (error.code === 'ENOENT' || process.getuid?.() !== 0) throw error;
    await execute('apt-get', ['update']);
    await download();
  }
  for (const name of fs.readdirSync(fresh).filter((each) => each.endsWith('.deb'))) {
    await execute('dpkg', ['-x', path.join(fresh, name), fresh]);
  }
  fs.rmSync(own, { recursive: true, force: true });
  fs.renameSync(fresh, own);
}

function unpacked(own) {
  const libraries = ['usr/lib', 'lib'].flatMap((each) =>
    ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => path.join(own, each, machine)),
  );
  return { command: path.join(own, 'usr', 'bin', 'kcat'), env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

async function works({ command, env }) {
  try {
    await execute(command, ['-V'], { env: { ...process.env, ...env } });
    return true;
  } catch {
    return false;
  }
}

const firstLine = ({ stderr, message }) => (stderr || message).trim().split('\n')[0];
