import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { isGone, thisProcess } from './this-process.js';

const onLinux = fs.existsSync('/proc/self/stat') ? describe : describe.skip;

onLinux('a process beside this one', () => {
  it('is not gone while it runs, and is when it was killed', async () => {
    const name = thisProcess();
    expect(isGone(name)).toBe(false);
    const child = spawn('sleep', ['60']);
    const status = fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const started = status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
    const [run, space, user] = name.split(' ');
    const other = [run, space, user, child.pid, started].join(' ');
    expect(isGone(other)).toBe(false);
    child.kill('SIGSTOP');
    expect(isGone(other)).toBe(false);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(isGone(other)).toBe(true);
  });

  it('is another one when it only has the same id', () => {
    const [run, space, user, pid] = thisProcess().split(' ');
    expect(isGone([run, space, user, pid, '1'].join(' '))).toBe(true);
  });

  it('cannot be told of another machine, another container or one without a name', () => {
    const [run, space, user] = thisProcess().split(' ');
    expect(isGone(['another-run', space, user, '999999', '1'].join(' '))).toBe(false);
    expect(isGone([run, 'pid:[1]', user, '999999', '1'].join(' '))).toBe(false);
    expect(isGone('')).toBe(false);
  });
});
