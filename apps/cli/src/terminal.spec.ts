import { Writable } from 'node:stream';
import { outliveReaders } from './terminal.js';

const failing = (code: string) =>
  new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('write failed'), { code })) });

it.each([
  ['EPIPE', 'EPIPE', 0],
  ['EPIPE', 'ENOSPC', 1],
  ['EIO', 'EPIPE', 1],
])('readers that go away (%s, %s) do not end the work, other trouble does', async (onOut, onErr, failures) => {
  const terminal = { out: failing(onOut), err: failing(onErr) };
  let failed = 0;
  outliveReaders(terminal, () => failed++);
  for (const stream of [terminal.out, terminal.err]) {
    const told = new Promise((resolve) => stream.once('error', resolve));
    stream.write('a line');
    await told;
  }
  expect(failed).toBe(failures);
});
