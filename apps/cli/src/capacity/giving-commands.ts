import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { historyOf, type SimulatedTrial } from '@cairn/simulation';
import { ask } from '../bench/ask.js';
import type { Product } from '../bench/product.js';

const COMMANDS_AT_ONCE = 16;

/** Participants who have a worker, and that worker. */
export function peopleIn(trial: SimulatedTrial): { readonly participant: string; readonly worker: string }[] {
  const people: { participant: string; worker: string }[] = [];
  for (const record of historyOf(trial)) {
    if (record.occurredAt > Date.now() - 86_400_000) break;
    if (record.type === 'WorkerAllocated') people.push(record.data);
  }
  return people;
}

const MEETING = `mutation ($input: RecordContactInput!) {
  recordCommunityMeeting(input: $input) { ... on CommandAccepted { position } ... on CommandRefused { code message } }
}`;

/** Records so many meetings, as GraphQL takes them. */
export async function commandsOf(
  { port }: Product,
  token: string,
  trial: string,
  people: readonly { readonly participant: string; readonly worker: string }[],
  count: number,
): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  let left = count;
  await Promise.all(
    Array.from({ length: COMMANDS_AT_ONCE }, async () => {
      while (left-- > 0) {
        const input = {
          ...{ commandId: randomUUID(), trial, contact: randomUUID(), ...people[left % people.length]! },
          ...{ occurredAt: new Date(Date.now() - 3_600_000).toISOString(), mode: 'FACE_TO_FACE', outcome: 'ATTENDED' },
          minutes: 45,
        };
        const { text } = await ask(port, agent, token, MEETING, { input });
        if (!text.includes('"position"')) throw new Error(`a meeting was answered with ${text.slice(0, 300)}`);
      }
    }),
  );
  agent.destroy();
}
