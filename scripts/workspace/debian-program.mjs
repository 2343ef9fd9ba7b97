import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * A program that tests run: the one on the path, or else Debian's, fetched once into a folder and unpacked there, not installed, so
 * that nobody has to be root.
 * @param {{ program: string, packages: readonly string[], version: readonly string[], folder: string, who: string }} wanted `packages`:
 *   its own and those with what it needs and not every machine has; `version`: arguments with which it only says that it is there;
 *   `who` needs it, for sentences
 * @returns {Promise<{ command: string, env: Record<string, string> }>} what to run, and what it needs in its environment
 * @throws {Error} a sentence for the user when there is none to be had
 */
export async function findProgram({ program, packages, version, folder, who }) {
  const own = path.join(folder, program);
  const candidates = [{ command: program, env: {} }, ...unpacked(own, program)];
  for (const each of candidates) if (await works(each, version)) return each;
  try {
    await fetchInto(own, packages);
  } catch (error) {
    throw new Error(
      `${who} need ${program}, and it could be fetched neither from the path nor from Debian (${firstLine(error)}). Install it: apt-get install ${packages[0]}`,
      { cause: error },
    );
  }
  for (const each of unpacked(own, program)) if (await works(each, version)) return each;
  throw new Error(`${who} need ${program}, and Debian’s does not run here. Install one that does.`);
}

async function fetchInto(own, packages) {
  const fresh = `${own}.new`;
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(fresh, { recursive: true });
  const download = () => execute('apt-get', ['download', ...packages], { cwd: fresh });
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

function unpacked(own, program) {
  const libraries = ['usr/lib', 'lib'].flatMap((each) =>
    ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => path.join(own, each, machine)),
  );
  const env = { LD_LIBRARY_PATH: libraries.join(':') };
  return ['usr/bin', 'usr/sbin'].map((each) => ({ command: path.join(own, each, program), env }));
}

async function works({ command, env }, version) {
  try {
    await execute(command, version, { env: { ...process.env, ...env } });
    return true;
  } catch {
    return false;
  }
}

const firstLine = ({ stderr, message }) => (stderr || message).trim().split('\n')[0];
