import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@cairn/event-sourcing';
import { byCommand, halves, wholeCommands } from './command-pages.js';

/** Events as letters: each is one of the command, and of the tenant, that the letter stands for. */
const page = (letters: string): readonly RecordedEvent[] =>
  Array.from(letters, (letter, index) => ({
    ...({} as RecordedEvent),
    tenant: letter === letter.toUpperCase() ? 'upper' : 'lower',
    commandId: letter.toLowerCase(),
    id: `${letter}${index}`,
  }));
const letters = (events: readonly RecordedEvent[]): string => events.map(({ id }) => id[0]).join('');

describe('the commands of a page', () => {
  it('are its events, together as they came', () => {
    expect(byCommand(page('aabccc')).map(letters)).toEqual(['aa', 'b', 'ccc']);
    expect(byCommand(page('aA')).map(letters)).toEqual(['a', 'A']);
    expect(byCommand([])).toEqual([]);
  });

  it('are all whole when the page is not full', () => {
    expect(letters(wholeCommands(page('aabb'), 5))).toBe('aabb');
  });

  it('are whole but for the last when it is', () => {
    expect(letters(wholeCommands(page('aabbb'), 5))).toBe('aa');
    expect(letters(wholeCommands(page('aaaaa'), 5))).toBe('aaaaa');
  });

  it('are never cut in halves', () => {
    expect(halves(page('aaab'))!.map(letters)).toEqual(['aaa', 'b']);
    expect(halves(page('aab'))!.map(letters)).toEqual(['aa', 'b']);
    expect(halves(page('aaa'))).toBeUndefined();
  });
});
