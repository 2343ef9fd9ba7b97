import http from 'node:http';
import type { TenantId } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import { ask } from './ask.js';
import type { Product } from './product.js';
import { askSiteTable } from './site-table.js';
import { allocated, dice, trialId, type TrialLogPlan } from './trial-log.js';

const LOG_PAGE = 100;
const HISTORY_PAGE = 50;
const HISTORY = `query History($trial: ID!, $filter: HistoryFilter) {
  trial(id: $trial) { history(first: ${HISTORY_PAGE}, filter: $filter) {
    edges { node { id type occurredAt recordedAt actor { id } } } pageInfo { hasNextPage } } }
}`;

/** What pages of a log are asked for: each a question that takes a page anywhere in it. */
export interface Pages {
  readonly log: () => Promise<void>;
  readonly table: () => Promise<void>;
  readonly trialHistory: () => Promise<void>;
  readonly participantHistory: () => Promise<void>;
}

/** Does something with the pages of a log whose product runs. @param trials that are asked for, the first ones of it */
export async function withPages<Result>(
  { url, plan }: { readonly url: string; readonly plan: TrialLogPlan },
  { port, tokenOf }: Product,
  tenant: TenantId,
  trials: number,
  work: (pages: Pages) => Promise<Result>,
): Promise<Result> {
  const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
  const agent = new http.Agent({ keepAlive: true });
  const token = await tokenOf(tenant);
  const roll = dice(plan.seed, trials);
  const any = (): string => trialId(Math.floor(roll() * trials));
  const people = allocated(plan, trialId(0));
  const history = async (trial: string, filter: object): Promise<void> => {
    const { status, text } = await ask(port, agent, token, HISTORY, { trial, filter });
    if (status !== 200 || !text.includes('"edges":[{'))
      throw new Error(`a history was answered with ${status}: ${text}`);
  };
  try {
    return await work({
      log: async () => {
        const from = BigInt(Math.floor(roll() * (plan.events - LOG_PAGE)));
        const page = await store.readLog(tenant, { from, limit: LOG_PAGE });
        if (page.length !== LOG_PAGE) throw new Error(`a page of the log had ${page.length} events`);
      },
      table: () => askSiteTable(port, agent, token, any()),
      trialHistory: () => history(any(), {}),
      participantHistory: () =>
        history(trialId(0), { participant: people[Math.floor(roll() * people.length)]!.participant }),
    });
  } finally {
    agent.destroy();
    await store.close();
  }
}
