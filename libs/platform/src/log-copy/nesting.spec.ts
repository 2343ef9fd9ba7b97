import { describe, expect, it } from '@jest/globals';
import { InvalidAppend } from '@cairn/event-sourcing';
import { checkNesting } from './nesting.js';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a payload', () => {
  it('may be nested as deep as PostgreSQL can follow', () => {
    expect(() => checkNesting(`{"deep":${nested(999)},"text":"${'x'.repeat(5_000)}"}`)).not.toThrow();
    expect(() => checkNesting(`{"deep":${nested(1_000)}}`)).toThrow(InvalidAppend);
    expect(() => checkNesting(`{"deep":${nested(200_000)}}`)).toThrow(InvalidAppend);
  });

  it('may say so in texts as often as it likes', () => {
    expect(() => checkNesting(JSON.stringify({ text: '[{"\\'.repeat(2_000), next: '[' }))).not.toThrow();
    expect(() => checkNesting(`{"list":[${'[],'.repeat(5_000)}[]]}`)).not.toThrow();
  });
});
