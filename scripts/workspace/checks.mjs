import { withFirstOnPath } from './node-runtime.mjs';
import { run } from './run.mjs';

/** What holds for the code as it is written, each by the tool that knows: all of them run, so that one run tells all. */
const CHECKS = [
  { name: 'types', tool: 'tsc', args: ['-b'] },
  { name: 'lint', tool: 'eslint', args: ['--max-warnings', '0', '.'] },
  {
    name: 'boundaries',
    tool: 'depcruise',
    args: ['--config', '.dependency-cruiser.js', 'apps', 'libs', 'test'],
  },
  { name: 'unused', tool: 'knip', args: ['--no-config-hints'] },
  { name: 'format', tool: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'schema',
    tool: 'npm',
    args: ['run', '--silent', 'schema:check', '--workspace', '@cairn/api', '--if-present'],
  },
];

/** As many at once as two cores can carry. */
const AT_ONCE = 2;

/**
 * Generates what is generated, then runs every check; prints a line for each and the whole output of those that fail.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks() {
  const generated = await timed({ name: 'generate', tool: 'nx', args: ['run-many', '-t', 'generate'] });
  if (!generated) return { passed: 0, failed: 1 };
  const waiting = [...CHECKS];
  const outcomes = [];
  const next = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) outcomes.push(await timed(check));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  const passed = outcomes.filter(Boolean).length;
  return { passed, failed: outcomes.length - passed };
}

async function timed(check) {
  const began = performance.now();
  const { code, output } = await run(check.tool, check.args, { quiet: true, env: withFirstOnPath(process.execPath) });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${code === 0 ? '✓' : '✗'} ${check.name} (${seconds} s)`);
  if (code !== 0) console.log(`${output.trim()}\n`);
  return code === 0;
}
