import { type DeliveryEvent, deliveryEventTypes } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import type { TrialRegister } from './trial-register.js';

/** Whom or what records are about. Every number of a trial is made of what each of them adds to it by itself. */
export interface TrialUnit {
  readonly kind: 'participant' | 'site' | 'worker';
  readonly id: string;
}

const types: ReadonlySet<string> = new Set(deliveryEventTypes.map(({ type }) => type));

/** Whether an event is one of those that tables are made of. */
export const isDeliveryEvent = (event: { readonly type: string }): event is Fact<DeliveryEvent> =>
  types.has(event.type);

/** Whom an event is about; a correction is about whom the record is about. */
export function unitOf({ data }: DeliveryEvent): TrialUnit {
  if ('participant' in data) return { kind: 'participant', id: data.participant };
  if ('worker' in data) return { kind: 'worker', id: data.worker };
  return { kind: 'site', id: data.site };
}

/** A name for a unit, different for each. */
export const unitName = ({ kind, id }: TrialUnit): string => `${kind}\n${id}`;

/** A unit with its events, in the order of the log. */
export interface UnitEvents extends TrialUnit {
  readonly events: readonly Fact<DeliveryEvent>[];
}

/** The units of a trial: all with an event, and the sites and workers of the register, about which there may be none. */
export function trialUnits(
  events: Iterable<Fact<DeliveryEvent>>,
  { sites, workers }: Pick<TrialRegister, 'sites' | 'workers'>,
): ReadonlyMap<string, UnitEvents> {
  const units = new Map<string, TrialUnit & { readonly events: Fact<DeliveryEvent>[] }>();
  const at = (unit: TrialUnit): Fact<DeliveryEvent>[] => {
    const name = unitName(unit);
    const found = units.get(name) ?? { ...unit, events: [] };
    units.set(name, found);
    return found.events;
  };
  for (const { site } of sites) at({ kind: 'site', id: site });
  for (const { worker } of workers) at({ kind: 'worker', id: worker });
  for (const event of events) if (isDeliveryEvent(event)) at(unitOf(event)).push(event);
  return units;
}
