import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessEventTypes } from '@cairn/access';
import { auditEventTypes } from '@cairn/audit';
import { deliveryEventTypes } from '@cairn/delivery';
import { EventCatalogue, type RecordedEvent } from '@cairn/event-sourcing';
import { registryEventTypes } from '@cairn/registry';
import { signalsEventTypes } from '@cairn/signals';

/*
 * One stored payload for each type of event and each version it ever had. A file is added with its version and never
 * changed or removed: what was stored once must be readable for ever.
 */
const folder = join(import.meta.dirname, 'events');
const catalogue = new EventCatalogue([
  ...registryEventTypes,
  ...deliveryEventTypes,
  ...accessEventTypes,
  ...auditEventTypes,
  ...signalsEventTypes,
]);

const golden = readdirSync(folder).map((file) => {
  const [, type, version] = /^([A-Za-z]+)\.v(\d+)\.json$/.exec(file) ?? [];
  if (type === undefined) throw new Error(`${file} is not named <Type>.v<version>.json`);
  return { type, version: Number(version), payload: readFileSync(join(folder, file), 'utf8') };
});

const stored = (type: string, schemaVersion: number, payload: string): RecordedEvent => ({
  type,
  schemaVersion,
  payload,
  occurredAt: 0,
  id: '5f0c6e7a-8d3b-5a1e-9c41-2b7d90e4f613',
  tenant: 'enrich',
  stream: 'stream',
  revision: 0,
  position: 1n,
  recordedAt: 0,
  actor: 'actor',
  commandId: '00000000-0000-4000-8000-000000000000',
  correlationId: '00000000-0000-4000-8000-000000000000',
  causationId: '00000000-0000-4000-8000-000000000000',
  metadata: {},
});

describe('stored events', () => {
  it('have a golden file for every type and every version up to the current one, and for nothing else', () => {
    const wanted = [...catalogue.versions()].flatMap(([type, current]) =>
      Array.from({ length: current }, (_, earlier) => `${type}.v${earlier + 1}`),
    );
    expect(golden.map(({ type, version }) => `${type}.v${version}`).sort()).toEqual(wanted.sort());
  });

  it.each(golden)(
    '$type, version $version, is read into the current shape without loss',
    ({ type, version, payload }) => {
      const fact = catalogue.decode(stored(type, version, payload));
      // Encoding checks the shape; an unknown field would be dropped by it and a missing one refused.
      const again = catalogue.encode({ type, occurredAt: fact.occurredAt, data: fact.data });
      expect(JSON.parse(again.payload)).toEqual(fact.data);
      expect(again.schemaVersion).toBe(catalogue.versions().get(type));
    },
  );
});
