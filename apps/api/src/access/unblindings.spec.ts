import type { RecordedEvent } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import { Unblindings } from './unblindings.js';

/** A log in which each participant's arm was asked for once. */
const asked = (count: number): readonly RecordedEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `event ${n}`,
    tenant: 't',
    stream: `@access/unblinding/T/P${n}`,
    revision: 0,
    position: BigInt(n + 1),
    commandId: `command ${n}`,
    correlationId: `command ${n}`,
    causationId: `command ${n}`,
    type: 'UnblindingRequested',
    schemaVersion: 1,
    payload: JSON.stringify({ request: `R${n}`, trial: 'T', participant: `P${n}`, person: 'ann', reason: 'ill' }),
    metadata: {},
    actor: 'ann',
    occurredAt: n,
    recordedAt: n,
  }));

it('knows every request, however many there are, the newest first', async () => {
  const log = asked(2_500);
  const read: EventHistory['read'] = async (_tenant, _selection, { above = 0n, limit }) =>
    log.filter(({ position }) => position > above).slice(0, limit);
  const found = await new Unblindings({ read }).ofTrial('t', 'T');
  expect([found.length, found[0]?.request, found.at(-1)?.request]).toEqual([2_500, 'R2499', 'R0']);
});
