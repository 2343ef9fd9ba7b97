import { accessEventTypes } from '@cairn/access';
import { auditEventTypes } from '@cairn/audit';
import { deliveryEventTypes } from '@cairn/delivery';
import { EventCatalogue } from '@cairn/event-sourcing';
import { registryEventTypes } from '@cairn/registry';
import { signalsEventTypes } from '@cairn/signals';

/** Every event type of the product: an event of a type that is not here stops whoever reads the log. */
export const catalogue = new EventCatalogue([
  ...registryEventTypes,
  ...deliveryEventTypes,
  ...accessEventTypes,
  ...auditEventTypes,
  ...signalsEventTypes,
]);
