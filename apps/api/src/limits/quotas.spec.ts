import { Quotas } from './quotas.js';
import { defaultLimits } from './tenant-limits.js';

const anna = { tenant: 'enrich', person: 'anna' };

/** How many commands this process lets through at once. */
async function allowed(instances: number | undefined, commandsPerMinute: number): Promise<number> {
  const limits = { ...defaultLimits, commandsPerMinute };
  const quotas = new Quotas(limits, undefined, instances === undefined ? undefined : () => instances);
  for (let given = 0; ; given++) if ((await quotas.command(anna, 1)) !== undefined) return given;
}

test.each([
  ['alone', undefined, 40],
  ['while it does not know the others yet', 0, 40],
  ['one of two', 2, 20],
  ['one of three', 3, 14],
  ['one of more than there are commands', 100, 1],
])("a process, %s, lets through its part of a tenant's commands", async (_who, instances, part) => {
  expect(await allowed(instances, 40)).toBe(part);
});
