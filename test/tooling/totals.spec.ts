import { spawnSync } from 'node:child_process';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');

/** `npm test` with arguments for Jest, in an environment without the marks of the Jest that runs this. */
function npmTest(...jestArguments: readonly string[]) {
  const own = Object.entries(process.env).filter(([name]) => !/^(JEST_|CAIRN_|NODE_OPTIONS$)/.test(name));
  const run = spawnSync(process.execPath, ['scripts/test.mjs', ...jestArguments], {
    cwd: repository,
    encoding: 'utf8',
    env: Object.fromEntries(own),
  });
  return { status: run.status, lastLine: run.stdout.trimEnd().split('\n').at(-1), output: run.stdout };
}

describe('the last line of npm test', () => {
  it('counts what passed', () => {
    const only = ['--selectProjects', 'unit', '--testPathPatterns', 'test/tooling/settings', '-t', 'need nothing'];
    expect(npmTest(...only)).toMatchObject({
      status: 0,
      lastLine: expect.stringMatching(/^1 passed, 0 failed, [1-9]\d* skipped$/),
    });
  }, 60_000);

  it('counts a run that could not begin as failed', () => {
    expect(npmTest('--testPathPatterns', 'no-such-test')).toEqual({
      output: expect.stringContaining('No tests found'),
      status: 1,
      lastLine: '0 passed, 1 failed, 0 skipped',
    });
  }, 60_000);
});
