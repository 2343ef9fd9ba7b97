import http from 'node:http';
import type { BenchContext } from './context.js';
import { openLoop } from './open-loop.js';
import { median, percentile, type Section } from './report.js';
import { ONE_TENANT, withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { askSiteTable } from './site-table.js';
import { trialId } from './trial-log.js';
import { TENANT } from './trials.js';

const RATE = 200;

/** The site table over HTTP while the store is large: requests leave by the clock, however the earlier ones fare. */
export async function benchTable({ databases, scale }: BenchContext): Promise<Section> {
  const database = await databases.with(scale.events);
  await readModelsOf(database);
  return withProduct(
    database.url,
    async ({ port, tokenOf }) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
      const token = await tokenOf(TENANT);
      const look = (turn: number): Promise<void> => askSiteTable(port, agent, token, trialId(turn % scale.trials));
      for (let trial = 0; trial < 2 * scale.trials; trial++) await look(trial);
      await openLoop(look, RATE, scale.quick ? 0.5 : 3);
      const latencies = await openLoop(look, RATE, scale.tableSeconds);
      agent.destroy();
      return {
        name: 'table',
        title: `Site table over HTTP, ${RATE} requests/s for ${scale.tableSeconds} s, ${scale.events.toLocaleString('en')} events in the store`,
        targets: [{ title: '99th percentile', figure: percentile(latencies, 0.99), atMost: 20, unit: ' ms' }],
        correctness: [],
        figures: [
          { title: 'median', figure: median(latencies), unit: ' ms' },
          { title: 'slowest', figure: Math.max(...latencies), unit: ' ms' },
          { title: 'requests', figure: latencies.length, unit: '' },
        ],
        notes: [`All ${scale.trials} trials are asked for in turn.`],
      };
    },
    ONE_TENANT,
  );
}
