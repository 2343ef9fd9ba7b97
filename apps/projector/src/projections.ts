import { accessEventTypes } from '@cairn/access';
import { auditEventTypes } from '@cairn/audit';
import { deliveryEventTypes } from '@cairn/delivery';
import { EventCatalogue } from '@cairn/event-sourcing';
import { fidelityProjection, participantsProjection } from '@cairn/monitoring';
import type { RunnableProjection } from '@cairn/platform';
import { registryEventTypes, trialsProjection } from '@cairn/registry';
import { signalsEventTypes, signalsProjection } from '@cairn/signals';

/** Every event type of the product. */
export const catalogue = new EventCatalogue([
  ...registryEventTypes,
  ...deliveryEventTypes,
  ...accessEventTypes,
  ...auditEventTypes,
  ...signalsEventTypes,
]);

/** The read models that are kept up to date. */
export const projections: readonly RunnableProjection[] = [
  { projection: trialsProjection },
  { projection: participantsProjection },
  { projection: fidelityProjection },
  { projection: signalsProjection },
];
