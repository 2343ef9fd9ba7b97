import { describe, expect, it } from '@jest/globals';
import { median, nearestRank } from './currency.js';

describe('the delays of records', () => {
  it.each([
    [[], null, null],
    [[3], 3, 3],
    [[1, 2], 1.5, 2],
    [[1, 2, 10], 2, 10],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5.5, 9],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 10],
  ] as const)('of %j have the median %j and the 90th percentile %j', (delays, middle, ninetieth) => {
    expect([median(delays), nearestRank(delays, 9, 10)]).toEqual([middle, ninetieth]);
  });
});
