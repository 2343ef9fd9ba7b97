import { EventEmitter } from 'node:events';
import { type MessageSource, messagesInTurn } from './messages-in-turn.js';

/** A socket that remembers whether it was being read. */
class Source extends EventEmitter {
  readonly OPEN = 1;
  readyState: number = this.OPEN;
  paused = false;
  readonly pause = (): void => void (this.paused = true);
  readonly resume = (): void => void (this.paused = false);
}

let source: Source;
let taken: string[];
let turns: (() => void)[];
const nextTurn = async (): Promise<void> => {
  turns.shift()!();
  await new Promise((resolve) => setImmediate(resolve));
};
beforeEach(() => {
  source = new Source();
  taken = [];
  turns = [];
  const turn = () => new Promise<void>((resolve) => turns.push(resolve));
  messagesInTurn(source as unknown as MessageSource, turn, (message) => taken.push(message));
});

test('many messages of one packet are taken one at a turn, and nothing more is read until they are', async () => {
  for (const message of ['a', 'b', 'c']) source.emit('message', Buffer.from(message));
  expect([taken, turns.length, source.paused]).toEqual([[], 1, true]);
  await nextTurn();
  expect([taken, turns.length, source.paused]).toEqual([['a'], 1, true]);
  await nextTurn();
  await nextTurn();
  expect([taken, turns.length, source.paused]).toEqual([['a', 'b', 'c'], 0, false]);
  source.emit('message', Buffer.from('d'));
  await nextTurn();
  expect(taken.at(-1)).toBe('d');
});

test('of a socket that was closed meanwhile none are taken', async () => {
  for (const message of ['a', 'b', 'c']) source.emit('message', Buffer.from(message));
  await nextTurn();
  source.readyState = 2;
  await nextTurn();
  expect([taken, turns.length]).toEqual([['a'], 0]);
});
