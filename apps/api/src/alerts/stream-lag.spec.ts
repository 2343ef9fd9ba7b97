import { StreamLag } from './stream-lag.js';

it('tells of the slowest, and since when somebody has been behind', () => {
  let now = 0;
  const lag = new StreamLag(() => now);
  const [quick, slow, stalled] = [{ behind: 0n }, { behind: 3n }, { behind: 40n }];
  lag.look([quick, slow, stalled]);
  expect(lag.seen).toEqual({ readers: 3, behind: 2, events: 40, seconds: 0 });
  now = 5_000;
  slow.behind = 0n;
  lag.look([quick, slow, stalled]);
  expect(lag.seen).toEqual({ readers: 3, behind: 1, events: 40, seconds: 5 });
  now = 9_000;
  slow.behind = 1n;
  stalled.behind = 0n;
  lag.look([quick, slow, stalled]);
  expect(lag.seen).toEqual({ readers: 3, behind: 1, events: 1, seconds: 0 });
  lag.look([]);
  expect(lag.seen).toEqual({ readers: 0, behind: 0, events: 0, seconds: 0 });
});
