import { describe, expect, it } from '@jest/globals';
import { connectionSettings, InvalidKurrentUrl } from './connection-settings.js';

describe('the connection string', () => {
  it.each([
    ['kurrentdb://host', 'kurrentdb://host?throwOnAppendFailure=true&nodePreference=leader&connectionName=api'],
    [
      'kurrentdb+discover://cluster.example/?tls=true',
      'kurrentdb+discover://cluster.example?tls=true&throwOnAppendFailure=true&nodePreference=leader&connectionName=api',
    ],
    [
      'esdb://a:1,b:2,c:3?throwOnAppendFailure=false&node_preference=follower&connectionName=x',
      'esdb://a:1,b:2,c:3?node_preference=follower&connectionName=x&throwOnAppendFailure=true',
    ],
  ])('%s asks the leader and learns of conflicts', (url, connection) => {
    expect(connectionSettings(url, 'api').connection).toBe(connection);
  });

  it('tells who calls', () => {
    expect(connectionSettings('kurrentdb://ops:p%40ss@host', 'api')).toMatchObject({
      user: { username: 'ops', password: 'p@ss' },
    });
    expect(connectionSettings('kurrentdb://host?tls=false', 'api')).toMatchObject({ user: undefined });
  });

  it.each([
    'postgres://ops:s3cret@host',
    'kurrentdb://ops:s3cret@',
    'kurrentdb://ops:s3cret@host?s3cret',
    'kurrentdb://ops:s3cret@host?s3cret=1',
    'kurrentdb://ops:s3cret@host?tls=',
    's3cret',
  ])('%s is refused without a word of it', (url) => {
    const refused = () => connectionSettings(url, 'api');
    expect(refused).toThrow(InvalidKurrentUrl);
    expect(refused).not.toThrow(/s3cret/);
  });
});
