import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { logStoreDiscords, logStoreFrom, logStoreSettings } from './log-store-settings.js';

const Settings = z.object(logStoreSettings);

describe('the settings of the log store', () => {
  it('keep the logs in PostgreSQL unless they say otherwise', () => {
    expect(logStoreFrom(Settings.parse({}))).toEqual({ kind: 'postgres' });
  });

  it.each([
    'kurrentdb://localhost:2113?tls=false',
    'kurrentdb+discover://admin:changeit@cluster.example:2113',
    'esdb://one:2113,two:2113,three:2113?tls=true&nodePreference=leader',
    'kdb://admin:changeit@[::1]:2113/?tls=false',
  ])('take %s', (url) => {
    const settings = Settings.parse({ EVENT_STORE: 'kurrentdb', KURRENTDB_URL: url });
    expect(logStoreFrom(settings)).toEqual({ kind: 'kurrentdb', url });
  });

  it.each(['http://secret:2113', 'secret:2113', 'kurrentdb://?tls=secret', 'postgres://secret/cairn'])(
    'refuse %s, and do not repeat it',
    (url) => {
      const read = Settings.safeParse({ EVENT_STORE: 'kurrentdb', KURRENTDB_URL: url });
      expect(read.error?.issues).toMatchObject([{ path: ['KURRENTDB_URL'] }]);
      expect(read.error?.issues[0]!.message).not.toContain('secret');
    },
  );

  it('ask for the address that goes with KurrentDB', () => {
    expect(logStoreDiscords({ EVENT_STORE: 'kurrentdb' })).toEqual(['KURRENTDB_URL: goes with EVENT_STORE=kurrentdb']);
    expect(logStoreDiscords({ EVENT_STORE: 'postgres' })).toEqual([]);
    expect(logStoreDiscords({ EVENT_STORE: 'kurrentdb', KURRENTDB_URL: 'kurrentdb://localhost' })).toEqual([]);
  });
});
