import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning } from './process-identity.mjs';

/** How long the rest of a killed run may take to end by itself before it is killed, in milliseconds. */
const GRACE = 3_000;

const CAIRN = { name: 'Cairn', instead: 'CAIRN_DATA_DIR=<folder> PORT=4010 npm start' };

/** A folder of somebody else, a read-only disk, a file where a folder should be. */
const UNUSABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG']);

/**
 * Takes the data folder for this process. Its file `supervisor.json` names who has it and which services belong to
 * them; one left behind by a killed run is recognised, and what still runs of that run is ended first.
 * @param {{ name: string, instead: string }} [program] whose folder it is, and how to run another one beside it
 * @throws {Error} a sentence for the user when another run has the folder, or when it cannot be written
 */
export async function takeDataFolder(folder, { name, instead } = CAIRN) {
  const file = path.join(folder, 'supervisor.json');
  try {
    fs.mkdirSync(folder, { recursive: true });
    const left = readIfThere(file);
    if (left && isRunning(left.supervisor)) {
      throw new Error(
        `${name} already runs on ${folder} (process ${left.supervisor.pid}). End that one first, or keep other data ` +
          `beside it: ${instead}`,
      );
    }
    if (left) await endLeftovers(left.services);
    write(file, { supervisor: identify(process.pid), services: [] });
  } catch (error) {
    if (error.code === 'ENOSPC')
      throw new Error(`There is no room left for the data folder ${folder}.`, { cause: error });
    if (!UNUSABLE.has(error.code)) throw error;
    throw new Error(
      `The data folder ${folder} cannot be used by this user (${error.code} on ${error.path}). Choose another with CAIRN_DATA_DIR, or give it to this user.`,
      { cause: error },
    );
  }
  return {
    /** Notes which processes the next run must not meet. */
    note(services) {
      write(file, { supervisor: identify(process.pid), services: services.map(identify) });
    },
    release() {
      fs.rmSync(file, { force: true });
    },
  };
}

async function endLeftovers(services) {
  const deadline = Date.now() + GRACE;
  while (services.some(isRunning) && Date.now() < deadline) await sleep(50);
  for (const service of services.filter(isRunning)) process.kill(service.pid, 'SIGKILL');
  while (services.some(isRunning)) await sleep(20);
}

/** A file cut short by a kill at the wrong moment says as little as none. */
function readIfThere(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function write(file, content) {
  fs.writeFileSync(`${file}.new`, JSON.stringify(content));
  fs.renameSync(`${file}.new`, file);
}
