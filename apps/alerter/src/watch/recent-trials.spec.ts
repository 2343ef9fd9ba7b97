import { RecentTrials } from './recent-trials.js';
import type { WatchedTrial } from './watched-trial.js';

const of = (events: number) => async (trial: WatchedTrial) => void (trial.events = events);
const never = () => Promise.reject(new Error('it is there'));

it('keeps what was looked at last, and nothing leaves in the middle of a turn', async () => {
  const trials = new RecentTrials(100);
  trials.begin('a');
  trials.begin('b');
  const first = await trials.get('a', 'T1', of(60));
  await trials.get('a', 'T2', of(60));
  await trials.get('b', 'T1', of(60));
  expect(await trials.get('a', 'T1', never)).toBe(first);
  expect(trials.events('a')).toBe(120);
  trials.end('b');
  expect(trials.events('b')).toBe(0);
  trials.end('a');
  expect(await trials.get('a', 'T1', never)).toBe(first);
  expect(trials.events('a')).toBe(60);
  trials.forget('a');
  await expect(trials.get('a', 'T1', never)).rejects.toThrow('it is there');
});
