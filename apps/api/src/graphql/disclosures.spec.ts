import { Viewer } from '@cairn/access';
import { type ConductRecord, Disclosures, withSealed } from './disclosures.js';

const viewer = Viewer.of({
  tenant: 't',
  person: 'anna',
  name: 'Anna',
  assignments: [],
  scopes: new Set(),
  validUntil: undefined,
});

class Kept implements ConductRecord {
  readonly looks: Omit<Parameters<ConductRecord['sealedRead']>[0], 'viewer'>[] = [];
  refusals = 0;
  failure: Error | undefined;

  async sealedRead({ viewer: _, ...look }: Parameters<ConductRecord['sealedRead']>[0]): Promise<void> {
    if (this.failure) throw this.failure;
    this.looks.push(look);
  }

  async sealedReadRefused(): Promise<void> {
    this.refusals++;
  }
}

it('looks at a page of a list are one record with their count', async () => {
  const kept = new Kept();
  const disclosures = new Disclosures(kept);
  await Promise.all(['P1', 'P2', 'P2', 'P3'].map((id) => disclosures.look(viewer, 'T', 'Participant.arm', id, 'role')));
  await disclosures.look(viewer, 'T', 'Participant.arm', 'P1', 'unblinding');
  expect(kept.looks).toEqual([
    { trial: 'T', field: 'Participant.arm', participants: 3, by: 'role' },
    { trial: 'T', field: 'Participant.arm', participants: 1, participant: 'P1', by: 'unblinding' },
  ]);
});

it('no look without its record', async () => {
  const kept = new Kept();
  kept.failure = new Error('the log is away');
  const disclosures = new Disclosures(kept);
  const looks = ['P1', 'P2'].map((id) => disclosures.look(viewer, 'T', 'Participant.arm', id, 'role'));
  expect(await Promise.allSettled(looks)).toEqual([
    { status: 'rejected', reason: kept.failure },
    { status: 'rejected', reason: kept.failure },
  ]);
});

it('a refusal is recorded once in a request', async () => {
  const kept = new Kept();
  const disclosures = new Disclosures(kept);
  for (let n = 0; n < 3; n++) await disclosures.refused(viewer, 'T', 'Trial.engagement', 'BLINDED');
  expect(kept.refusals).toBe(1);
});

it('what is sealed is told in the order of the answer, whatever was resolved first, and once', () => {
  const disclosures = new Disclosures(new Kept());
  for (const path of [['trial', 'b', 10], ['trial', 'b', 9], ['other'], ['trial', 'a', 11]])
    disclosures.seal(path, 'BLINDED');
  const result = { data: { other: null, trial: { a: [], b: [] } }, extensions: { more: 1 } };
  const { extensions } = withSealed<{ data: unknown; extensions: Record<string, unknown> }>(result, disclosures);
  expect(extensions).toEqual({
    more: 1,
    sealed: [['other'], ['trial', 'a', 11], ['trial', 'b', 9], ['trial', 'b', 10]].map((path) => ({
      path,
      reason: 'BLINDED',
    })),
  });
  const nothing = {};
  expect(withSealed(nothing, disclosures)).toBe(nothing);
});

it('below the null that a refusal left, nothing is told: it would depend on what was resolved by then', () => {
  const disclosures = new Disclosures(new Kept());
  disclosures.seal(['trial', 'engagement'], 'BLINDED');
  const result = { data: { trial: null } };
  expect(withSealed(result, disclosures)).toBe(result);
  disclosures.seal(['trials', 'edges', 0, 'node', 'engagement'], 'BLINDED');
  expect(withSealed({ data: null }, disclosures)).toEqual({ data: null });
});

it('errors are told in the order of the answer, whichever field was refused first', () => {
  const at = (...path: readonly (string | number)[]) => ({ message: 'refused', path });
  const result = {
    data: { a: null, b: null },
    errors: [at('b', 10), at('b', 9), at('a'), { message: 'of the whole' }],
  };
  expect(withSealed(result, new Disclosures(new Kept())).errors).toEqual([
    { message: 'of the whole' },
    at('a'),
    at('b', 9),
    at('b', 10),
  ]);
});
