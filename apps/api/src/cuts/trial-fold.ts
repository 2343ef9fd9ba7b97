import { type DeliveryEvent, deliveryEventTypes } from '@cairn/delivery';
import { EventCatalogue, type Fact, type Identified, type RecordedEvent } from '@cairn/event-sourcing';
import type { RegisterStep } from '@cairn/monitoring';
import { type Trial, trialDecider, type TrialEvent, trialEventTypes } from '@cairn/registry';

const catalogue = new EventCatalogue([...trialEventTypes, ...deliveryEventTypes]);
const ofRegister: ReadonlySet<string> = new Set(trialEventTypes.map(({ type }) => type));

/** What numbers are made of. Other events of a trial, as the cuts that were taken of it, can be large and are not looked at. */
export const foldedTypes = [...catalogue.versions().keys()];

/** A trial as its log has it: what is added in the order of the log. */
export class TrialFold {
  register: Trial = trialDecider.initial;
  readonly registers: RegisterStep[] = [];
  readonly events: Fact<DeliveryEvent>[] = [];
  /** When the earliest of all that happened. */
  firstOccurredAt = Infinity;

  add(page: readonly RecordedEvent[]): void {
    for (const recorded of page) {
      const event = catalogue.decode(recorded);
      this.firstOccurredAt = Math.min(this.firstOccurredAt, event.occurredAt);
      if (!ofRegister.has(event.type)) {
        this.events.push(event as unknown as Fact<DeliveryEvent>);
        continue;
      }
      this.register = trialDecider.evolve(this.register, event as unknown as Identified<TrialEvent>);
      if (this.register.kind === 'unregistered') continue;
      this.registers.push({ event: event.id, position: event.position, register: this.register });
    }
  }
}
