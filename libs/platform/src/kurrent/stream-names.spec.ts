import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  commandStream,
  eventStream,
  exactly,
  readEventStream,
  streamsOfOthers,
  tenantStreams,
} from './stream-names.js';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed());

describe('names of streams', () => {
  it('are those of the port where a trial names them', () => {
    expect(eventStream('north', 'enrich/participant/S4-0012')).toBe('t_north.enrich/participant/S4-0012');
    expect(eventStream('a.b', 'c.d')).toBe('t_a%2Eb.c%2Ed');
    expect(commandStream('north', 'ABCDEF')).toBe('c_north.abcdef');
  });

  it('are plain ASCII, read back, and never another tenant’s', () => {
    fc.assert(
      fc.property(name, name, name, (tenant, other, stream) => {
        const full = eventStream(tenant, stream);
        expect(full).toMatch(/^[\x21-\x7e]+$/);
        expect(readEventStream(full)).toEqual({ tenant, stream });
        expect(full.startsWith(tenantStreams(tenant))).toBe(true);
        expect(full.startsWith(tenantStreams(other))).toBe(other === tenant);
        expect(new RegExp(exactly(full)).test(full)).toBe(true);
        expect(new RegExp(exactly(full)).test(`${full}1`)).toBe(false);
        expect(new RegExp(streamsOfOthers([other])).test(full)).toBe(other !== tenant);
      }),
    );
  });

  it('differ for different streams, however long', () => {
    const [long, longer] = ['𝒮'.repeat(256), `${'𝒮'.repeat(255)}𝒯`];
    expect(eventStream('x', long)).not.toBe(eventStream('x', longer));
    expect(eventStream('x', long).length).toBeLessThan(100);
    expect(readEventStream(eventStream('x', long))).toEqual({ tenant: 'x' });
  });

  it.each(['$stats', 'c_north.1', 't_', 't_north', 'orders-1', 't_%zz.x'])(
    '%s holds no events of a trial',
    (stream) => {
      expect(readEventStream(stream)).toBeUndefined();
    },
  );
});
