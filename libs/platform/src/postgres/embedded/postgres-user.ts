import fs from 'node:fs';
import path from 'node:path';

/** How a program of PostgreSQL is run. */
export interface Runner {
  /** The command line that runs a program. */
  command(program: string, args: readonly string[]): [string, string[]];
  /** For child_process: another user than our own. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

/**
 * PostgreSQL refuses to run as root. As root it runs as another user, the owner of the data where there is data; where
 * that user could not reach the files (a home directory of root), it runs as root in a user namespace that calls root
 * "nobody".
 *
 * Where the system can, PostgreSQL is told to stop when this process ends, however it ends.
 * @throws when the data belong to another user and we are not root
 */
export function postgresRunner(data: string, programs: string): Runner {
  const untilWeEnd = process.platform === 'linux' && onPath('setpriv') ? ['setpriv', '--pdeathsig', 'INT'] : [];
  const prefixed = (prefix: readonly string[]): Runner['command'] => {
    const [first, ...rest] = [...prefix, ...untilWeEnd];
    return (program, args) => (first === undefined ? [program, [...args]] : [first, [...rest, program, ...args]]);
  };
  const own = process.getuid?.();
  const owner = fs.statSync(data, { throwIfNoEntry: false });
  if (own !== 0) {
    if (own !== undefined && owner && owner.uid !== own) {
      throw new Error(
        `${data} belongs to user ${owner.uid}; start Cairn as that user or as root, or use another directory`,
      );
    }
    return { command: prefixed([]), identity: {} };
  }
  const inNamespace: Runner = {
    command: prefixed(['unshare', '--user', '--map-user=65534', '--map-group=65534']),
    identity: {},
  };
  if (owner)
    return owner.uid === 0 ? inNamespace : { command: prefixed([]), identity: { uid: owner.uid, gid: owner.gid } };
  const user = userNamed('postgres') ?? userNamed('nobody');
  if (user && isOpenToOthers(programs) && isOpenToOthers(path.dirname(data))) {
    return { command: prefixed([]), identity: user };
  }
  return inNamespace;
}

/** Whether another user may pass every directory on the way. */
function isOpenToOthers(directory: string): boolean {
  for (let step = path.resolve(directory); ; step = path.dirname(step)) {
    const found = fs.statSync(step, { throwIfNoEntry: false });
    if (found && (found.mode & 0o001) === 0) return false;
    if (step === path.dirname(step)) return true;
  }
}

function userNamed(name: string): { uid: number; gid: number } | undefined {
  const lines = fs.existsSync('/etc/passwd') ? fs.readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) };
}

const onPath = (program: string): boolean =>
  ['/usr/bin', '/bin', '/usr/local/bin'].some((directory) => fs.existsSync(path.join(directory, program)));
