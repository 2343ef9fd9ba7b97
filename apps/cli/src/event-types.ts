import { accessEventTypes } from '@cairn/access';
import { auditEventTypes } from '@cairn/audit';
import { deliveryEventTypes } from '@cairn/delivery';
import { EventCatalogue, type EventType } from '@cairn/event-sourcing';
import { registryEventTypes } from '@cairn/registry';
import { signalsEventTypes } from '@cairn/signals';

/** Every event type of the product, as the services know them: an export is read without any of them. */
export const eventTypes: readonly EventType[] = [
  ...registryEventTypes,
  ...deliveryEventTypes,
  ...accessEventTypes,
  ...auditEventTypes,
  ...signalsEventTypes,
];
export const catalogue = new EventCatalogue(eventTypes);
