import { accessRefusals, peopleEventTypes, unblindingEventTypes } from '@cairn/access';
import { auditEventTypes, auditRefusals } from '@cairn/audit';
import { deliveryEventTypes, deliveryRefusals } from '@cairn/delivery';
import { registryEventTypes, registryRefusals } from '@cairn/registry';
import { signalsEventTypes, signalsRefusals, subscriptionRefusals } from '@cairn/signals';
import { commands } from '../../apps/api/src/application/commands.js';
import { codesIn, pageText, rowsOf, sectionOf } from './page.js';

const found = new Set(['SignalRaised', 'SignalCleared', 'SignalReturned', 'SignalWoken', 'AlertSubscriptionDisabled']);
const contexts = [
  { name: 'registry', eventTypes: registryEventTypes, refusals: registryRefusals },
  { name: 'delivery', eventTypes: deliveryEventTypes, refusals: deliveryRefusals },
  { name: 'audit', eventTypes: auditEventTypes, refusals: auditRefusals },
  { name: 'access', eventTypes: [...peopleEventTypes, ...unblindingEventTypes], refusals: accessRefusals },
  {
    name: 'signals',
    // What the alerter finds by itself is nobody's command.
    eventTypes: signalsEventTypes.filter(({ type }) => !found.has(type)),
    refusals: { ...signalsRefusals, ...subscriptionRefusals },
  },
];
const section = (name: string) => sectionOf(pageText(`libs/${name}/README.md`), 'Commands');
const rows = (name: string) => rowsOf(section(name)).filter(([command]) => !command!.startsWith('*'));

test.each(contexts)('the README of $name names each event that its commands lead to', ({ name, eventTypes }) => {
  const named = rows(name).flatMap(([, events]) => events!.split(/, | or /));
  // A correction is judged where what it corrects was recorded.
  expect([...new Set(named)].toSorted()).toEqual(eventTypes.map(({ type }) => type).toSorted());
});

test.each(contexts)('the README of $name names each refusal, and no other', ({ name, refusals }) => {
  expect(codesIn(section(name)).toSorted()).toEqual(Object.keys(refusals).toSorted());
});

test('together they name each command of the menu, and no other', () => {
  const named = contexts.flatMap(({ name }) => rows(name).map(([command]) => command!));
  // A correction is judged where what it corrects was recorded.
  expect([...new Set(named)].toSorted()).toEqual(Object.keys(commands).toSorted());
});
