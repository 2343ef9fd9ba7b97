/** Numbers in [0, 1), the same ones for the same parts of a seed. */
export type Chance = () => number;

/**
 * Chance that depends on nothing but the parts: whatever else is drawn, and in whatever order, one participant's life stays
 * as it is. Mulberry32 over a mixed seed; for simulation, not for secrets.
 */
export function chanceOf(...parts: readonly number[]): Chance {
  let state = 0x9e3779b9;
  for (const part of parts) {
    state = Math.imul(state ^ part, 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state ^= state >>> 16;
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Whether something comes about that does so with this probability. */
export const happens = (chance: Chance, probability: number): boolean => chance() < probability;

/** A whole number from one to another, both included. */
export const between = (chance: Chance, least: number, most: number): number =>
  least + Math.floor(chance() * (most - least + 1));

export const oneOf = <T>(chance: Chance, values: readonly [T, ...T[]]): T =>
  values[Math.floor(chance() * values.length)]!;
