import { describe, expect, it } from '@jest/globals';
import type { SignalRule } from '@cairn/signals/rule';
import { defaultRules } from './default-rules.js';
import type { Episode } from './episode.js';
import { specProtocol } from './measures/spec-trial.js';
import { raises, rulesInForce } from './rules-in-force.js';

const protocol = { version: 3, protocol: specProtocol };
const shipped = defaultRules(specProtocol);
const [first] = shipped;
const published = (definition: SignalRule, version: number, recordedAt: number) => ({
  recordedAt,
  data: { trial: 'trial', version, definition, reason: 'spec' },
});

describe('the rules in force', () => {
  it('are the shipped ones, by the version of the protocol that they have their limits from', () => {
    const rules = rulesInForce(protocol, []);
    expect(rules.map(({ definition }) => definition)).toEqual(shipped);
    expect(new Set(rules.map(({ version }) => version))).toEqual(new Set(['default/3']));
    expect(rules.every(({ publishedAt }) => publishedAt === undefined)).toBe(true);
  });

  it('are the last version of each that the trial published, in the place of the shipped one', () => {
    const milder = { ...first!, severity: 'notice' as const };
    const off = { ...milder, enabled: false };
    const rules = rulesInForce(protocol, [published(off, 10, 300), published(milder, 9, 200)]);
    expect(rules).toHaveLength(shipped.length);
    expect(rules[0]).toEqual({ definition: off, version: '10', publishedAt: 300 });
    expect(rules[1]?.version).toBe('default/3');
  });

  it('are the trial’s own too, after the shipped ones', () => {
    const own = (rule: string) => published({ ...first!, rule }, 1, 100);
    const names = rulesInForce(protocol, [own('b'), own('a')]).map(({ definition }) => definition.rule);
    expect(names).toEqual([...shipped.map(({ rule }) => rule), 'a', 'b']);
  });
});

describe('an episode', () => {
  const episode = (until: number | undefined) => ({ until }) as Episode;
  const rule = (publishedAt: number | undefined) => ({ definition: first!, version: '1', publishedAt });

  it.each([
    [undefined, 50, true],
    [100, undefined, true],
    [100, 101, true],
    [100, 100, false],
    [100, 99, false],
  ])('of a rule published at %s and over at %s is raised: %s', (publishedAt, until, raised) => {
    expect(raises(rule(publishedAt), episode(until))).toBe(raised);
  });
});
