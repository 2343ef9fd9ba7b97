import { type Assignment, Viewer } from '@cairn/access';
import type { TrialTable } from '@cairn/monitoring';
import type { TakenCut } from '../cuts/cut-reader.js';
import type { TrialView } from '../registry/trial-view.js';
import { CLOSED_REPORT_LASTS_MS } from './closed-report.js';
import { CutReports } from './cut-reports.js';

const TAKEN = Date.parse('2020-03-01T00:00:00Z');
const DAY = 86_400_000;
const protocol = { arms: [{ id: 'peer' }, { id: 'usual' }] };

const taken = {
  cut: { cut: 'D1', position: '77', protocol: 1, tables: [] },
  event: 'e1',
  takenAt: TAKEN,
  takenBy: 'maya',
} as unknown as TakenCut;
const tables: readonly TrialTable[] = [
  {
    ...{ table: 'arms', audience: 'closed', key: ['arm'], columns: [{ name: 'arm', definition: 'Arm.' }] },
    rows: [{ arm: 'peer' }, { arm: 'usual' }],
  },
  {
    ...{ table: 'flow', audience: 'open', key: ['site'], columns: [{ name: 'site', definition: 'Site.' }] },
    rows: [{ site: 'all', randomised: 12 }],
  },
];

/** What one viewer is answered at a time, and what goes on record meanwhile. */
async function asked(
  role: Pick<Assignment, 'role' | 'until' | 'trial'>,
  now: number,
  kind: 'open' | 'closed' = 'closed',
  cut = 'D1',
  others: readonly Pick<Assignment, 'role' | 'trial'>[] = [],
) {
  const recorded: string[] = [];
  const reports = new CutReports(
    {
      find: async (_tenant, _trial, id) => (id === 'D1' ? taken : undefined),
      list: async () => [taken],
      positionOf: async () => 70n,
      tables: async (_tenant, _taken, wanted) =>
        tables
          .filter(({ table, audience }) => wanted!({ table, audience } as never))
          .map((content) => ({ content, listed: content, text: '' }) as never),
    },
    { read: async () => [] },
    {
      sealedRead: async ({ field, participants, cut: of }) => void recorded.push(`read ${field} ${participants} ${of}`),
      sealedReadRefused: async ({ field, reason }) => void recorded.push(`refused ${field} ${reason}`),
    },
    'a secret that is only for these tests',
    () => now,
  );
  const viewer = Viewer.of({
    ...{ tenant: 'test', person: 'dora', name: 'Dora', scopes: new Set(), validUntil: undefined },
    assignments: [role, ...others].map((each) => ({ assignment: 'a', person: 'dora', ...each })),
  });
  const roster = { trial: 'T', title: 'T', protocols: [{ version: 1, protocol }] };
  const view = { tenant: 'test', trial: 'T', roster } as unknown as TrialView;
  return { found: await reports.find(viewer, view, { kind, cut }), recorded };
}

const member = { role: 'dmc_member', until: '2030-01-01T00:00:00Z' } as const;
const statistician = { role: 'unblinded_statistician' } as const;

describe('a closed report', () => {
  it('is shown for 90 days after its cut was taken, and not one millisecond more', async () => {
    expect(CLOSED_REPORT_LASTS_MS).toBe(90 * DAY);
    const last = await asked(member, TAKEN + 90 * DAY - 1);
    expect(last.found).toMatchObject({ kind: 'shown', report: { closedUntil: TAKEN + 90 * DAY, armKey: undefined } });
    expect(last.recorded).toEqual(['read DataCut.closedReport 12 D1']);
    const after = await asked(member, TAKEN + 90 * DAY);
    expect(after.found).toEqual({ kind: 'sealed', reason: 'EXPIRED' });
    expect(after.recorded).toEqual(['refused DataCut.closedReport EXPIRED']);
  });

  it('is said to end with the role, where that is sooner', async () => {
    const { found } = await asked({ ...member, until: '2020-03-15T00:00:00Z' }, TAKEN + DAY);
    expect(found).toMatchObject({ kind: 'shown', report: { closedUntil: Date.parse('2020-03-15T00:00:00Z') } });
  });

  it('says which letter is which arm to whoever may know arms, and that is on record', async () => {
    const { found, recorded } = await asked(statistician, TAKEN);
    const key = found.kind === 'shown' && found.report.kind === 'closed' ? found.report.armKey : undefined;
    expect(key?.map(({ letter }) => letter)).toEqual(['A', 'B']);
    expect(key?.map(({ arm }) => arm).sort()).toEqual(['peer', 'usual']);
    expect(recorded).toEqual(['read ClosedReport.armKey 12 D1']);
  });

  it('is not looked for on behalf of who is not shown any', async () => {
    for (const cut of ['D1', 'NONE']) {
      const blinded = await asked({ role: 'blinded_outcome_assessor' }, TAKEN, 'closed', cut);
      expect(blinded.found).toEqual({ kind: 'sealed', reason: 'BLINDED' });
      expect(blinded.recorded).toEqual(['refused DataCut.closedReport BLINDED']);
      const manager = await asked({ role: 'trial_manager' }, TAKEN, 'closed', cut);
      expect(manager).toEqual({ found: { kind: 'sealed', reason: 'NOT_IN_ROLE' }, recorded: [] });
    }
    expect((await asked(member, TAKEN, 'closed', 'NONE')).found).toEqual({ kind: 'absent' });
  });
});

it('an open report does not expire, and nobody’s look at it is recorded', async () => {
  const { found, recorded } = await asked({ role: 'trial_manager' }, TAKEN + 4_000 * DAY, 'open');
  expect(found).toMatchObject({ kind: 'shown', report: { kind: 'open' } });
  expect(recorded).toEqual([]);
});

it('whoever is blinded in another trial is told no position of the log, which counts what is recorded there', async () => {
  const manager = { role: 'trial_manager', trial: 'T' } as const;
  const seen = await asked(manager, TAKEN, 'open');
  expect(seen.found).toMatchObject({ report: { cut: { position: '77' } } });
  const assessor = { role: 'blinded_outcome_assessor', trial: 'U' } as const;
  const { found } = await asked(manager, TAKEN, 'open', 'D1', [assessor]);
  expect(found).toMatchObject({ report: { cut: { position: String(TAKEN) } } });
});
