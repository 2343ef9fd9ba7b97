import { jest } from '@jest/globals';
import { DatabaseClock } from './database-clock.js';

const HOUR = 3_600_000;

describe('the clock of the database', () => {
  let monotonic: number;

  beforeEach(() => {
    monotonic = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic);
  });
  afterEach(() => void jest.restoreAllMocks());

  it('is the machine’s own until it was measured', () => {
    const clock = new DatabaseClock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    expect(clock.skewSeconds()).toBeUndefined();
  });

  it('is what the database said, half a round trip later, however wrong the machine’s clock is', () => {
    jest.spyOn(Date, 'now').mockReturnValue(5 * HOUR);
    const clock = new DatabaseClock();
    monotonic = 1_020;
    clock.measured(4 * HOUR, 1_000, 1_020);
    expect(clock.now()).toBe(4 * HOUR + 10);
    monotonic += HOUR;
    expect(clock.now()).toBe(5 * HOUR + 10);
  });

  it('keeps to a good measurement while a worse one does not speak against it', () => {
    const clock = new DatabaseClock();
    clock.measured(HOUR, 1_000, 1_000);
    clock.measured(HOUR + 1_000, 1_500, 2_300);
    monotonic = 3_000;
    expect(clock.now()).toBe(HOUR + 2_000);
  });

  it('stands still rather than go back a little, and follows a database that was set back by much', () => {
    const clock = new DatabaseClock();
    clock.measured(HOUR, 1_000, 1_000);
    expect(clock.now()).toBe(HOUR);
    clock.measured(HOUR - 300, 1_000, 1_000);
    expect(clock.now()).toBe(HOUR);
    monotonic += 299;
    expect(clock.now()).toBe(HOUR);
    monotonic += 11;
    expect(clock.now()).toBe(HOUR + 10);
    clock.measured(0, monotonic, monotonic);
    expect(clock.now()).toBe(0);
  });

  it('says by how much the machine’s clock is ahead', () => {
    jest.spyOn(Date, 'now').mockReturnValue(3 * HOUR);
    const clock = new DatabaseClock();
    clock.measured(2 * HOUR, 1_000, 1_000);
    expect(clock.skewSeconds()).toBe(3_600);
  });
});
