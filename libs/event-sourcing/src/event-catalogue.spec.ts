import { describe, expect, it } from '@jest/globals';
import { EventCatalogue, eventType, type Upcaster } from './event-catalogue.js';
import type { RecordedEvent } from './event.js';

const contactSchema = {
  parse(data: unknown): { readonly minutes: number; readonly mode: string } {
    const { minutes, mode } = data as { minutes?: unknown; mode?: unknown };
    if (typeof minutes !== 'number' || typeof mode !== 'string') throw new Error('not a contact');
    return { minutes, mode };
  },
};
const hoursToMinutes: Upcaster = ({ hours }: { hours: number }) => ({ minutes: hours * 60 });
const faceToFaceUnlessSaid: Upcaster = (data: { minutes: number }) => ({ mode: 'face_to_face', ...data });

const catalogue = new EventCatalogue([
  eventType('ContactRecorded', contactSchema, hoursToMinutes, faceToFaceUnlessSaid),
  eventType('SiteOpened', { parse: () => ({}) }),
]);

const recorded = (change: Partial<RecordedEvent>): RecordedEvent => ({
  type: 'ContactRecorded',
  schemaVersion: 3,
  occurredAt: 1,
  payload: '{"minutes":45,"mode":"video"}',
  id: 'e5a0a0d8-6d2f-5d3c-9c9c-0d2d4c8a6b1e',
  tenant: 'enrich',
  stream: 'enrich/participant/S4-0012',
  revision: 4,
  position: 12n,
  recordedAt: 2,
  actor: 'site-4',
  commandId: '0198a3b2-7c1d-7e9f-8a6b-5c4d3e2f1a0b',
  correlationId: 'import-7',
  causationId: 'row 12',
  metadata: { fingerprint: 'ab' },
  ...change,
});

describe('event catalogue', () => {
  it('knows names and versions', () => {
    expect([...catalogue.versions()]).toEqual([
      ['ContactRecorded', 3],
      ['SiteOpened', 1],
    ]);
  });

  it('writes what the schema makes of the data, in the current version', () => {
    const data = { minutes: 45, mode: 'video', unknown: 1 };
    expect(catalogue.encode({ type: 'ContactRecorded', occurredAt: 7, data })).toEqual({
      type: 'ContactRecorded',
      schemaVersion: 3,
      occurredAt: 7,
      payload: '{"minutes":45,"mode":"video"}',
    });
  });

  it('refuses to write what does not fit, or is not known', () => {
    expect(() => catalogue.encode({ type: 'ContactRecorded', occurredAt: 7, data: {} })).toThrow('not a contact');
    expect(() => catalogue.encode({ type: 'Unheard', occurredAt: 7, data: {} })).toThrow(
      expect.objectContaining({ name: 'UnknownEventType' }),
    );
  });

  it.each([
    [1, '{"hours":0.75}', { minutes: 45, mode: 'face_to_face' }],
    [2, '{"minutes":45}', { minutes: 45, mode: 'face_to_face' }],
    [3, '{"minutes":45,"mode":"video"}', { minutes: 45, mode: 'video' }],
  ])('reads version %d as if it were written today', (schemaVersion, payload, data) => {
    expect(catalogue.decode(recorded({ schemaVersion, payload }))).toMatchObject({ data, schemaVersion: 3 });
  });

  it('keeps the envelope', () => {
    const event = recorded({});
    const { payload: _, schemaVersion: __, ...envelope } = event;
    expect(catalogue.decode(event)).toEqual({
      ...envelope,
      schemaVersion: 3,
      data: { minutes: 45, mode: 'video' },
    });
  });

  it('stops at what newer code wrote', () => {
    expect(() => catalogue.decode(recorded({ schemaVersion: 4 }))).toThrow(
      expect.objectContaining({ name: 'NewerEventVersion', stored: 4, known: 3 }),
    );
    expect(() => catalogue.decode(recorded({ type: 'Unheard' }))).toThrow(
      expect.objectContaining({ name: 'UnknownEventType' }),
    );
  });

  it('has each type once', () => {
    const type = eventType('SiteOpened', { parse: () => ({}) });
    expect(() => new EventCatalogue([type, type])).toThrow('registered twice');
  });
});
