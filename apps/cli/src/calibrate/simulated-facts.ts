import type { DeliveryEvent } from '@cairn/delivery';
import type { Fact } from '@cairn/event-sourcing';
import { trialFacts, type TrialFacts, type TrialRegister } from '@cairn/monitoring';
import { historyOf, type SimulatedTrial } from '@cairn/simulation';

/** What rules look at, of a simulated trial in which everything is recorded as soon as it happens. */
export function simulatedFacts(trial: SimulatedTrial): TrialFacts {
  const { description, sites } = trial;
  const register: TrialRegister = {
    timeZone: description.timeZone,
    protocols: [{ version: 1, occurredAt: 0, protocol: description.protocol }],
    sites: sites.map(({ site, openedOn }) => ({ site, openedOn })),
    workers: sites.flatMap(({ workers }) => workers),
  };
  return trialFacts({ register, recruitmentTo: description.recruitmentTo, events: events(trial) });
}

/** The history as events of a log; of each only what tells it apart matters here. */
function* events(trial: SimulatedTrial): Generator<Fact<DeliveryEvent>> {
  let position = 0n;
  for (const record of historyOf(trial)) {
    position++;
    const id = `00000000-0000-4000-8000-${position.toString(16).padStart(12, '0')}`;
    yield {
      ...record,
      id,
      position,
      recordedAt: record.occurredAt,
      schemaVersion: 1,
      tenant: 'simulation',
      stream: 'simulation',
      revision: 0,
      actor: 'simulation',
      commandId: id,
      correlationId: id,
      causationId: id,
      metadata: {},
    } as Fact<DeliveryEvent>;
  }
}
