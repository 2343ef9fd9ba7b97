import fs from 'node:fs';

/**
 * Names this process so that another one of the same machine can tell whether it is gone: the kernel's run, the space in which
 * process ids are unique, the user, whose processes may be all that one can see, the id, and when the process began, because
 * ids are given again. Empty where there is no /proc.
 */
export function thisProcess(): string {
  try {
    return nameOf(process.pid);
  } catch {
    return '';
  }
}

/** Whether a process, named so by itself, is gone for sure. Of another machine, or another container, nobody here can tell. */
export function isGone(name: string): boolean {
  const here = thisProcess();
  if (here === '' || name === '' || spaceOf(name) !== spaceOf(here)) return false;
  try {
    return nameOf(Number(name.split(' ')[3])) !== name;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function nameOf(pid: number): string {
  const run = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const space = fs.readlinkSync('/proc/self/ns/pid');
  const status = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in parentheses, may hold anything.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  // Dead but not yet waited for by its parent.
  if (state === 'Z' || state === 'X') return '';
  return `${run} ${space} ${process.getuid?.()} ${pid} ${started}`;
}

const spaceOf = (name: string): string => name.split(' ').slice(0, 3).join(' ');
