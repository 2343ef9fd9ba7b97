import { EventCatalogue, type RecordedEvent } from '@cairn/event-sourcing';
import type { EventHistory } from '@cairn/platform';
import { type SignalEvent, signalEventTypes } from '@cairn/signals';
import { isOpenSignal, raisedSince } from './raised-signals.js';

const catalogue = new EventCatalogue(signalEventTypes);
const day = (n: number): number => Date.UTC(2020, 0, n);

/** A signal that held from a day on, and was recorded as the n-th event. */
function recorded(position: number, from: number, audience: 'open' | 'delivery', participant?: string): RecordedEvent {
  const subject = participant === undefined ? { kind: 'site', id: 'S1' } : { kind: 'participant', id: participant };
  const event = {
    type: 'SignalRaised',
    occurredAt: day(from),
    data: {
      ...{ trial: 'T', signal: `6f9619ff-8b86-5011-b42d-00c04fc9640${position}`, site: 'S1', rule: 'r', subject },
      ...{ severity: 'warning', audience, ruleVersion: '1', cause: 'c', numbers: {}, events: [] },
    },
  } as SignalEvent;
  return { ...catalogue.encode(event), id: String(position), position: BigInt(position) } as RecordedEvent;
}

const log = [
  recorded(1, 2, 'open', 'P1'),
  recorded(2, 20, 'delivery'),
  recorded(3, 5, 'delivery', 'P2'),
  recorded(4, 6, 'open', 'P3'),
];
const history: Pick<EventHistory, 'read'> = {
  read: async (_tenant, { upTo }) => log.filter(({ position }) => position <= upTo!),
};
const end = (position: number, before: number) => ({ position: BigInt(position), occurredBefore: day(before) });
const raised = async (now: ReturnType<typeof end>, before?: ReturnType<typeof end>) =>
  raisedSince(history, { tenant: 'test', trial: 'T' }, now, before);
const abouts = (signals: Awaited<ReturnType<typeof raised>>) => signals.map(({ about }) => about);

it('what had happened before the cut, and was recorded by its end, is in it', async () => {
  expect(abouts(await raised(end(4, 31)))).toEqual(['participant P1', 'S1', 'participant P2', 'participant P3']);
  expect(abouts(await raised(end(3, 20)))).toEqual(['participant P1', 'participant P2']);
});

it('what the cut before had is not new, whether it lacked it by position or by time', async () => {
  expect(abouts(await raised(end(4, 31), end(1, 31)))).toEqual(['S1', 'participant P2', 'participant P3']);
  expect(abouts(await raised(end(4, 31), end(4, 20)))).toEqual(['S1']);
  expect(await raised(end(4, 31), end(4, 31))).toEqual([]);
});

it('everybody is told of those only that are raised of all arms alike', async () => {
  expect(abouts((await raised(end(4, 31))).filter(isOpenSignal))).toEqual(['participant P1', 'participant P3']);
});
