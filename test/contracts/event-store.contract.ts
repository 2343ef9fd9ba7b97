import { afterAll, beforeAll, describe } from '@jest/globals';
import type { EventStore } from '@cairn/event-sourcing';
import { appending } from './event-store/appending.js';
import { limits } from './event-store/limits.js';
import { reading } from './event-store/reading.js';
import type { OpenStore, StoreUnderTest } from './event-store/store-under-test.js';
import { subscribing } from './event-store/subscribing.js';

/** What every event store keeps, whatever it is made of: the same cases for each adapter. */
export function eventStoreContract(adapter: string, open: OpenStore): void {
  describe(`event store contract: ${adapter}`, () => {
    let opened: StoreUnderTest;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    const given: { readonly store: EventStore; readonly elsewhere: EventStore } = {
      get store() {
        return opened.store;
      },
      get elsewhere() {
        return opened.elsewhere;
      },
    };
    describe('appending', () => appending(given));
    describe('limits', () => limits(given));
    describe('reading', () => reading(given));
    describe('subscribing', () => subscribing(given));
  });
}
