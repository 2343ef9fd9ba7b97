import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventId, isUuid, uuidV5 } from './event-id.js';

describe('event ids', () => {
  const commandId = '0198a3b2-7c1d-7e9f-8a6b-5c4d3e2f1a0b';

  it('are fixed for ever, because stored ids derive from them', () => {
    expect(eventId(commandId, 0)).toBe('aebe4e73-7b24-5fd0-b8c5-23ef877d4cca');
    expect(eventId(commandId, 1)).toBe('45d70200-a71f-5033-b0db-41022274b199');
    expect(uuidV5('cairn')).toBe('24e60d09-7d2a-51ff-b28e-9e779c617c14');
  });

  it('do not depend on the case of the command id', () => {
    expect(eventId(commandId.toUpperCase(), 7)).toBe(eventId(commandId, 7));
  });

  it('are UUIDs of version 5, one for each command and ordinal', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.nat(2_000), fc.nat(2_000), (one, other, first, second) => {
        const [a, b] = [eventId(one, first), eventId(other, second)];
        expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(a === b).toBe(one === other && first === second);
      }),
    );
  });

  it.each([
    [commandId, true],
    [commandId.toUpperCase(), true],
    [`{${commandId}}`, false],
    [commandId.replaceAll('-', ''), false],
    [`${commandId}\n`, false],
    ['', false],
  ])('%j as a UUID: %s', (text, is) => {
    expect(isUuid(text)).toBe(is);
  });
});
