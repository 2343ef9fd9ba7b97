import { faultInTexts } from './text-guard.js';

const contact = (note: unknown) => ({ type: 'recordWardContact', note }) as const;

it('refuses what tells who somebody is, with the member and the kind, and without the text', () => {
  const fault = faultInTexts(contact('call 07700 900123'), {});
  expect(fault).toMatchObject({ kind: 'identifying', refusal: { code: 'IDENTIFIER_IN_TEXT', field: 'note' } });
  expect(JSON.stringify(fault)).toContain('(phone)');
  expect(JSON.stringify(fault)).not.toContain('900123');
});

it('looks at what an amendment changes, as deep as it lies', () => {
  const amend = (changes: object) => faultInTexts({ type: 'amendRecord', changes } as { type: string }, {});
  expect(amend({ note: 'jo@example.org' })).toMatchObject({ refusal: { field: 'changes' } });
  expect(amend({ activities: ['walk', ['jo@example.org']] })).toMatchObject({ refusal: { field: 'changes' } });
  expect(amend({ note: 'x'.repeat(4_001) })).toMatchObject({ kind: 'malformed', path: 'changes.note' });
  expect(amend({ minutes: 30 })).toBeUndefined();
});

it('lets no sealed text in, of whatever way of sealing', () => {
  expect(faultInTexts(contact('sealed:v1:AAAA'), {})).toMatchObject({ kind: 'malformed', path: 'note' });
  expect(faultInTexts(contact('sealed:v9:AAAA'), {})).toMatchObject({ kind: 'malformed' });
  expect(faultInTexts(contact('it was sealed: v1'), {})).toBeUndefined();
});

it('asks the trial what it refuses, and leaves the register alone', () => {
  expect(faultInTexts(contact('call 07700 900123'), { refuse: ['email'] })).toBeUndefined();
  expect(faultInTexts({ type: 'registerSite', name: 'Clinic, S10 3TH' } as { type: string }, {})).toBeUndefined();
});
