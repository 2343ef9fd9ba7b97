import type { ParticipantFact, ParticipantFacts } from './participant-facts.js';
import { armAt, isAllocatedTo, isNeutralFact, neutralUntil, siteOf, wasReferredTo } from './whereabouts.js';

type Given = { readonly [Kind in ParticipantFact['kind']]: Omit<Extract<ParticipantFact, { kind: Kind }>, 'event'> };

const factsOf = (...facts: readonly Given[keyof Given][]): ParticipantFacts => ({
  facts: facts.map((fact, index) => ({ ...fact, event: `e${index}` })),
});
const always = { asOf: Infinity, knownAt: Infinity };

it.each<[string, ParticipantFacts, string | undefined]>([
  ['nobody referred', factsOf(), undefined],
  ['one referral', factsOf({ kind: 'referred', site: 'S1', occurredAt: 1, recordedAt: 1 }), 'S1'],
  [
    'the first one voided',
    factsOf(
      { kind: 'referred', site: 'S1', occurredAt: 1, recordedAt: 1, voidedAt: 3 },
      { kind: 'referred', site: 'S2', occurredAt: 2, recordedAt: 2 },
    ),
    'S2',
  ],
  ['the only one voided', factsOf({ kind: 'referred', site: 'S1', occurredAt: 1, recordedAt: 1, voidedAt: 3 }), 'S1'],
])('a participant belongs to the site of the referral that stands: %s', (_case, facts, site) => {
  expect(siteOf(facts)).toBe(site);
});

it('a referral by mistake was one all the same', () => {
  const facts = factsOf({ kind: 'referred', site: 'S1', occurredAt: 1, recordedAt: 1, voidedAt: 3 });
  expect([wasReferredTo(facts, 'S1'), wasReferredTo(facts, 'S2')]).toEqual([true, false]);
});

it('an allocation holds from when it happened and was known, until it is void', () => {
  const facts = factsOf({ kind: 'allocated', worker: 'W', occurredAt: 10, recordedAt: 20, voidedAt: 30 });
  const at = (asOf: number, knownAt: number, worker = 'W') =>
    isAllocatedTo(facts, new Set([worker]), { asOf, knownAt });
  expect([at(10, 20), at(9, 20), at(10, 19), at(40, 29), at(40, 30), at(10, 20, 'V')]).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
  ]);
  expect(isAllocatedTo(facts, new Set(), { asOf: 10, knownAt: 20 })).toBe(false);
});

it('the arm is that of the earliest randomisation that stands', () => {
  const facts = factsOf(
    { kind: 'randomised', arm: 'later', occurredAt: 5, recordedAt: 5 },
    { kind: 'randomised', arm: 'earlier', occurredAt: 4, recordedAt: 6, voidedAt: 8 },
  );
  const at = (asOf: number, knownAt: number) => armAt(facts, { asOf, knownAt });
  expect([at(4, 5), at(5, 5), at(5, 6), at(5, 8)]).toEqual([undefined, 'later', 'earlier', 'later']);
});

it('what is neutral moves the neutral time, and nothing else does', () => {
  const contact = { kind: 'contact', setting: 'ward', mode: 'text', outcome: 'attended' } as const;
  const facts = factsOf(
    { kind: 'referred', site: 'S1', occurredAt: 1, recordedAt: 1 },
    { kind: 'withdrawn', scope: 'follow_up', occurredAt: 1, recordedAt: 2 },
    { ...contact, occurredAt: 1, recordedAt: 3, voidedAt: 9 },
    { kind: 'allocated', worker: 'W', occurredAt: 1, recordedAt: 4 },
    { kind: 'withdrawn', scope: 'intervention', occurredAt: 1, recordedAt: 5 },
  );
  expect(neutralUntil(facts)).toBe(2);
  expect(facts.facts.map(isNeutralFact)).toEqual([true, true, false, false, false]);
  expect(neutralUntil(factsOf({ kind: 'discharged', occurredAt: 1, recordedAt: 2, voidedAt: 7 }))).toBe(7);
  expect(neutralUntil(factsOf())).toBe(-Infinity);
  expect(siteOf(facts)).toBe('S1');
  expect(armAt(facts, always)).toBeUndefined();
});
