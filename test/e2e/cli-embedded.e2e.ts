import path from 'node:path';
import { cairn, cairnAs, readImportOutput } from '../support/cairn-command.js';
import { repository } from '../support/launched-cairn.js';
import { runApi, type RunningApi } from '../support/running-api.js';

const BUNDLE = path.join(repository, 'infra/demo/northstar');

let running: RunningApi;
beforeAll(async () => {
  const people = [{ person: 'nobody.yet', name: 'Nobody yet', tenant: 'northstar' }];
  running = await runApi({}, { tenant: 'northstar', people });
}, 60_000);
afterAll(() => running.close());

/** A command line on the machine of the embedded Cairn, in a shell in which nobody has a token. */
const here = (...args: readonly string[]) =>
  cairn({ CAIRN_URL: running.url, CAIRN_DATA_DIR: path.dirname(running.issuer.file) }, ...args);

test('one command brings a trial into a tenant that is yet to begin', async () => {
  const dry = await here('import', BUNDLE, '--tenant', 'new', '--dry-run');
  expect(dry).toEqual({
    exitCode: 2,
    out: '',
    err: 'cairn: there is nobody in the tenant new yet; an import without --dry-run registers it\n',
  });
  expect(await running.store.head('new')).toBe(0n);

  const { exitCode, out } = await here('import', BUNDLE, '--tenant', 'new', '--format', 'json');
  expect(exitCode).toBe(0);
  expect(readImportOutput(out).summary).toMatchObject({ refused: 0, unchanged: 0 });
  const again = await here('import', BUNDLE, '--tenant', 'new', '--dry-run', '--format', 'json');
  expect(readImportOutput(again.out).summary).toMatchObject({ accepted: 0, refused: 0 });
  const report = await here('report', 'engagement', '--trial', 'northstar', '--tenant', 'new');
  expect(report.out).toMatch(/^all +64\/45 +43 +22 /m);
}, 60_000);

test('a tenant that has people lets nobody in who is not among them', async () => {
  const head = await running.store.head('northstar');
  // The unlisted manager, somebody of the issuer's without a role, and the manager of another tenant.
  for (const asking of [
    ['--tenant', 'northstar'],
    ['--as', 'nobody.yet'],
  ]) {
    const { exitCode, out, err } = await here('import', BUNDLE, ...asking);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).not.toBe('');
    const report = await here('report', 'engagement', '--trial', 'northstar', ...asking);
    expect(report).toMatchObject({ exitCode: 2, out: '' });
    expect(report.err).toMatch(/^cairn: there is no trial northstar for .+, who has no role in \w+\n$/);
  }
  expect(await running.store.head('northstar')).toBe(head);
});

test('a report has what is for the role, and a command what the token is for', async () => {
  await cairnAs(running)('import', BUNDLE);
  const site = [{ role: 'site_coordinator', trial: 'northstar', site: 'N1' }] as const;
  const coordinator = await running.as('coordinator', { roles: site });
  const ofSite = await cairnAs(coordinator)('report', 'engagement', '--trial', 'northstar', '--format', 'csv');
  expect(ofSite.out.split('\r\n').map((line) => line.split(',')[3])).toEqual(['site_id', 'N1', '', undefined]);

  const assessor = await running.as('assessor', { roles: [{ role: 'blinded_outcome_assessor', trial: 'northstar' }] });
  expect(await cairnAs(assessor)('report', 'engagement', '--trial', 'northstar')).toEqual({
    exitCode: 2,
    out: '',
    err: 'cairn: the engagement of trial northstar is not shown to your role\n',
  });
  for (const somebody of [running, coordinator, assessor]) {
    expect(await cairnAs(somebody)('rebuild', 'all')).toMatchObject({ exitCode: 2, out: '' });
  }
  const rebuilt = await here('rebuild', 'trials', '--tenant', 'new');
  expect(rebuilt).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('trials rebuilt up to position') as string,
  });
}, 60_000);

test('a token that is none, or none any more, is bad usage and is not shown', async () => {
  const expired = await running.tokenFor({ expiresInSeconds: -60 });
  for (const token of ['a.b.c', expired]) {
    for (const args of [
      ['import', BUNDLE],
      ['rebuild', 'all'],
      ['report', 'engagement', '--trial', 'northstar'],
    ]) {
      const { exitCode, out, err } = await cairnAs({ url: running.url, token })(...args);
      expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
      expect(err).toContain('does not take the token');
      expect(err).not.toContain(token);
    }
  }
});
